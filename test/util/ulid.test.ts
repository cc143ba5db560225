import { expect, it } from "vitest";
import { createUlid, isUlid } from "../../src/util/ulid.ts";

it("makes run ids that are unique and sort by their time", () => {
  const ids = Array.from({ length: 1000 }, (_, index) => createUlid(1_700_000_000_000 + index));
  expect(new Set(ids).size).toBe(1000);
  expect([...ids].sort()).toEqual(ids);
  expect(ids.every(isUlid)).toBe(true);
});

it("writes the time as the ULID specification says", () => {
  expect(createUlid(1_469_918_176_385).slice(0, 10)).toBe("01ARYZ6S41");
});

it("tells other texts from run ids", () => {
  expect(["", "01ARYZ6S41", "../../../../../../../../etc", "81ARYZ6S41TSV4RRFFQ69G5FAV"].some(isUlid)).toBe(false);
});

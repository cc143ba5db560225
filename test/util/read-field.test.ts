import { expect, it } from "vitest";
import { readField, readText } from "../../src/util/read-field.ts";

it.each([[undefined], [null], ["text"], [7], [[]], [{}], [{ name: undefined }]])("%j has no such field", (value) => {
  expect(readField(value, "name")).toBeUndefined();
  expect(readText(value, "name")).toBeUndefined();
});

it("gives a field of whatever kind, or a text only", () => {
  expect([readField({ name: 7 }, "name"), readText({ name: 7 }, "name")]).toEqual([7, undefined]);
  expect(readText({ name: "ann" }, "name")).toBe("ann");
});

it("gives what an error has from its class", () => {
  expect(readText(new TypeError("x"), "name")).toBe("TypeError");
});

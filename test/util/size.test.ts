import { expect, it } from "vitest";
import { formatSize, parseSize } from "../../src/util/size.ts";

it.each([
  ["4g", 4 * 1024 ** 3],
  ["512m", 512 * 1024 ** 2],
  ["1.5GiB", 1.5 * 1024 ** 3],
  ["64KB", 65_536],
  ["1000", 1000],
])("reads %s", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each(["", "g", "0", "-1g", "4 g", "4x", "1e9", "9".repeat(15) + "t"])("refuses %j", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

it.each([1000, 65_536, 4 * 1024 ** 3, 1.5 * 1024 ** 3])("writes %d so that it reads it back", (bytes) => {
  expect(parseSize(formatSize(bytes))).toBe(bytes);
});

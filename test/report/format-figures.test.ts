import { expect, it } from "vitest";
import {
  formatCost,
  formatCount,
  formatElapsed,
  formatQuantity,
  groupDigits,
} from "../../src/report/format-figures.ts";

it("writes counts with three digits", () => {
  const counts = [0, 999, 1000, 1049, 12_345, 99_949, 99_950, 180_400, 999_499, 999_500, 1_234_567, 123_456_789];
  expect(counts.map(formatCount)).toEqual([
    "0",
    "999",
    "1k",
    "1k",
    "12.3k",
    "99.9k",
    "100k",
    "180k",
    "999k",
    "1M",
    "1.2M",
    "123M",
  ]);
});

it("writes what something cost as exactly as it matters, and never a guess", () => {
  expect([null, 0, 0.000_01, 0.0421, 0.9, 1, 12.345].map(formatCost)).toEqual([
    "unknown",
    "$0.00",
    "< $0.0001",
    "$0.0421",
    "$0.9000",
    "$1.00",
    "$12.35",
  ]);
});

it("writes times as a reader wants them", () => {
  expect([0, 420, 9949, 9950, 59_499, 59_500, 72_300, 3_599_499, 3_599_500, 7_500_000].map(formatElapsed)).toEqual([
    "0.0s",
    "0.4s",
    "9.9s",
    "10s",
    "59s",
    "1m 0s",
    "1m 12s",
    "59m 59s",
    "1h 0m",
    "2h 5m",
  ]);
});

it("writes quantities with their noun", () => {
  expect([formatQuantity(0, "file"), formatQuantity(1, "file"), formatQuantity(1234, "file")]).toEqual([
    "0 files",
    "1 file",
    "1,234 files",
  ]);
});

it("groups the digits of large numbers as Intl does", () => {
  const counts = [0, 7, 950, 1000, 12_345, 999_999, 1_000_000, 1_234_567_890];
  expect(counts.map(groupDigits)).toEqual(counts.map((count) => count.toLocaleString("en-US")));
});

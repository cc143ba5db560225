import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/util/duration.ts";

it.each([
  ["30m", 1_800_000],
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  [" 2d ", 172_800_000],
])("reads %s", (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

it.each(["", "30", "m", "0s", "-5m", "1 h", "5w", "1e3s", "9".repeat(60) + "d"])("refuses %j", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

it.each([500, 90_000, 5_400_000, 86_400_001])("writes %d so that it reads it back", (durationMs) => {
  expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
});

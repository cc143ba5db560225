import { expect, it } from "vitest";
import { formatSuggestion, suggest } from "../../src/util/suggest.ts";

const names = ["model", "base", "limits.maxTurns", "--execution-mode", "--max-turns", "--max-cost"];

it.each([
  ["modle", "model"],
  ["mdoel", "model"],
  ["limits.max_turns", "limits.maxTurns"],
  ["--execution-mod", "--execution-mode"],
  ["--ex", "--execution-mode"],
  ["--max-trns", "--max-turns"],
])("takes %s for %s", (given, meant) => {
  expect(suggest(given, names)).toBe(meant);
});

it.each(["", "x", "zebra", "--ma", "y".repeat(10_000)])("has no idea what %.20j is", (given) => {
  expect(suggest(given, names)).toBeUndefined();
  expect(formatSuggestion(given, names)).toBe("");
});

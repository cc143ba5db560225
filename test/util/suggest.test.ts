import { expect, it } from "vitest";
import { formatSuggestion, suggest, suggestAll } from "../../src/util/suggest.ts";

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

it("gives at most three names, the nearest first", () => {
  const branches = ["release-1.2", "release-2.3", "release-1.3", "main", "release-1.4", "release-1.30"];
  expect(suggestAll("relaese-1.3", branches)).toEqual(["release-1.3", "release-1.2", "release-2.3"]);
  expect(suggestAll("nothing like it", branches)).toEqual([]);
});

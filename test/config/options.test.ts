import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { optionList } from "../../src/config/options.ts";
import { renderOptionsTable } from "../../scripts/options-table.ts";

it("is the table that docs/configuration.md shows (node scripts/options-table.ts)", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toContain(`-->\n${renderOptionsTable()}\n<!-- end -->`);
});

it("names every key, flag and variable once", () => {
  const names = optionList.flatMap(({ key, flags, environment }) => [
    key,
    ...flags.map(({ name }) => name),
    ...environment.map(({ name }) => name),
  ]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it("lets no file or project decide about secrets", () => {
  for (const option of optionList.filter(({ secret }) => secret)) expect(option.files).toBe("global");
});

it.each(optionList.filter(({ defaultText }) => defaultText !== undefined))("parses the default of $key", (option) => {
  expect(option.parse(option.defaultText ?? "", { directory: "/", home: "/" })).toHaveProperty("value");
});

it("names only variables of the table in .env.example", () => {
  const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
  const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
  const rows = optionList.filter(({ envFile }) => envFile);
  const known = new Set(rows.flatMap(({ environment }) => environment.map(({ name }) => name)));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name = "") => !known.has(name))).toEqual([]);
});

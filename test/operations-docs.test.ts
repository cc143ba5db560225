import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { optionList } from "../src/config/options.ts";
import { createMetrics } from "../src/metrics/create-metrics.ts";
import { readExposition } from "./support/exposition.ts";

const root = new URL("..", import.meta.url).pathname;
const text = readFileSync(`${root}docs/operations.md`, "utf8");

/** The first cells of the rows of tables below a heading, and the second ones. */
function readRows(heading: string): readonly (readonly [string, string])[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name = "", second = ""]) => [
    name,
    second.trim(),
  ]);
}

describe("docs/operations.md", () => {
  it("lists each metric that is exposed with its type, and nothing else", async () => {
    const families = readExposition((await createMetrics().expose()).text);
    const exposed = [...families].map(([name, { type }]) => [name, type] as const);
    expect(exposed.length).toBeGreaterThan(30);
    expect(new Map(readRows("Metrics"))).toEqual(new Map(exposed));
    expect(readRows("Metrics")).toHaveLength(exposed.length);
  });

  it("says what to do about each alert, and about nothing else", () => {
    const { groups }: { groups: { rules: { alert?: string }[] }[] } = parse(
      readFileSync(`${root}docker/prometheus/alerts.yaml`, "utf8"),
    );
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    expect(
      readRows("Alerts")
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(alerts.toSorted());
  });

  it("names variables that exist", () => {
    const compose = readFileSync(`${root}docker/compose.yaml`, "utf8");
    const known = new Set(optionList.flatMap(({ environment }) => environment.map(({ name }) => name)));
    const named = new Set(text.match(/\b(?:AGENT_WORKER|DOCKER)_[A-Z_]*[A-Z]\b/g));
    expect([...named].filter((name) => !known.has(name) && !compose.includes(`\${${name}:`))).toEqual([]);
  });
});

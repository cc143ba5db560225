import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { readExposition } from "../support/exposition.ts";
import { runPromtool } from "../support/promtool.ts";
import { makeDirectory } from "../support/repository.ts";

const root = new URL("../..", import.meta.url).pathname;

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

function readRules(): readonly Rule[] {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(read("docker/prometheus/alerts.yaml"));
  return groups.flatMap(({ rules }) => rules);
}

function readPanels(): readonly Panel[] {
  const { panels }: { panels: Panel[] } = JSON.parse(read("docker/grafana/dashboard.json"));
  return panels;
}

/** Every name that can be asked for: samples, and what the rules record. */
async function listNames(): Promise<ReadonlySet<string>> {
  const families = readExposition((await createMetrics().expose()).text);
  const names = [...families].flatMap(([name, { type }]) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set([...names, ...readRules().flatMap(({ record }) => record ?? []), "up"]);
}

/** The names of metrics in an expression of PromQL: words that are no function, no label and no keyword. */
function findNames(expression: string): readonly string[] {
  const bare = expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, "")
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, "");
  const words = bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g);
  return [...words].map(([word]) => word).filter((word) => !["and", "or", "unless", "offset", "bool"].includes(word));
}

describe("docker/prometheus", () => {
  it("holds rules and a configuration that Prometheus takes", () => {
    expect(runPromtool(["check", "rules", "docker/prometheus/alerts.yaml"]).said).toMatch(/SUCCESS: \d+ rules found/);
    expect(runPromtool(["check", "config", "--syntax-only", "docker/prometheus/prometheus.yaml"]).status).toBe(0);
  });

  it.each(["alerts", "alerts-cost"])("holds alerts that fire when they should, and not before: %s", (name) => {
    const { status, said } = runPromtool(["test", "rules", `test/docker/${name}.yaml`]);
    expect(said).toContain("SUCCESS");
    expect(status).toBe(0);
  });

  it("has a test for each alert", () => {
    const tests = read("test/docker/alerts.yaml") + read("test/docker/alerts-cost.yaml");
    const alerts = readRules().flatMap(({ alert }) => alert ?? []);
    expect(alerts).not.toEqual([]);
    expect(alerts.filter((alert) => !new RegExp(String.raw`alertname: ${alert}\n\s+exp_alerts`).test(tests))).toEqual(
      [],
    );
  });

  it("asks for metrics that exist", async () => {
    const names = await listNames();
    const asked = readRules().flatMap(({ expr }) => findNames(expr));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("docker/grafana/dashboard.json", () => {
  const expressions = readPanels().flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it("asks for metrics that exist", async () => {
    const names = await listNames();
    const asked = expressions.flatMap(findNames);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  it("shows every metric of the product", async () => {
    const families = readExposition((await createMetrics().expose()).text);
    const own = [...families.keys()].filter((name) => name.startsWith("agent_worker_"));
    const shown = [...expressions, ...readRules().map(({ expr }) => expr)].join("\n");
    expect(own.filter((name) => !shown.includes(name))).toEqual([
      "agent_worker_turns_total",
      "agent_worker_scrape_errors_total",
    ]);
  });

  it("holds expressions that Prometheus can parse", () => {
    const rules = expressions.map((expression, index) => ({
      record: `panel_${index}`,
      expr: expression.replaceAll("$__rate_interval", "5m").replaceAll("$job", "job"),
    }));
    using directory = makeDirectory();
    const file = join(directory.path, "rules.json");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
    expect(runPromtool(["check", "rules", file]).said).toContain(`${rules.length} rules found`);
  });

  it("numbers its panels once", () => {
    const ids = readPanels().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

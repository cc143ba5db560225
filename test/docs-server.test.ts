import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { problemTable } from "../src/protocol/problem.ts";
import { taskStateSchema } from "../src/protocol/task-state.ts";

const page = readFileSync(new URL("../docs/server.md", import.meta.url), "utf8");
const { paths }: { paths: Record<string, Record<string, unknown>> } = JSON.parse(
  readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8"),
);

describe("docs/server.md", () => {
  it("lists every problem with its status, and no other", () => {
    const rows = [...page.matchAll(/^\| (\d{3}) \| `([A-Z_]+)` \|/gm)].map(([, status, code]) => [
      code,
      Number(status),
    ]);
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(problemTable).map(([code, { status }]) => [code, status])),
    );
  });

  it.each(taskStateSchema.options)("names the state %s", (state) => {
    expect(page.slice(page.indexOf("## States"))).toContain(`\`${state}\``);
  });

  it("names every route", () => {
    const [, routes = ""] = /## Routes(.*)## Limits/s.exec(page) ?? [];
    for (const path of Object.keys(paths)) expect(routes).toContain(path.replace(/\.git\/.*$/, ".git"));
  });
});

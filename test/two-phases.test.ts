import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findStaticWays, listStaticImports } from "./support/architecture/static-imports.ts";

const root = new URL("..", import.meta.url).pathname;

/** All that a task of cli mode loads before its container is started: docs/adr/0010-two-phases.md. */
const firstPhase = [
  "src/main.ts",
  "src/cli/commands/run.ts",
  "src/config/read-yaml-file.ts",
  "src/git/is-tracked.ts",
  "src/wire.ts",
  "src/worker/run-task.ts",
  ...globSync("src/agents/*/*-cli.ts", { cwd: root }),
  "src/agents/contained/prepare-engine.ts",
  "src/agents/contained/run-attempt.ts",
];

describe("before a container is started", () => {
  it("no schema is loaded", () => {
    expect(findStaticWays(root, firstPhase, "zod")).toEqual([]);
  });

  it("each agent's way to start its CLI is among what is loaded", () => {
    expect(firstPhase).toContain("src/agents/claude/claude-cli.ts");
  });

  it.each(["src/agents/contained/follow-session.ts", "src/agents/claude/claude-reading.ts"])(
    "a way to them would be found: from %s there is one",
    (path) => expect(findStaticWays(root, [...firstPhase, path], "zod")).not.toEqual([]),
  );
});

describe("what a file loads at once", () => {
  it.each([
    ['import { z } from "zod";', ["zod"]],
    ['import "zod";', ["zod"]],
    ['export { z } from "zod";', ["zod"]],
    ['export * from "zod";', ["zod"]],
    // Each name is a type, but the module is loaded all the same.
    ['import { type z } from "zod";', ["zod"]],
    ['import type { z } from "zod";', []],
    ['export type { z } from "zod";', []],
    ['const { z } = await import("zod");', []],
  ])("%s", (text, imports) => {
    expect(listStaticImports(text)).toEqual(imports);
  });
});

import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rules } from "./support/architecture/rules.ts";
import type { Rule, SourceFile } from "./support/architecture/rules.ts";
import { listImports, parseNodes } from "./support/architecture/syntax.ts";

type RuleName = keyof typeof rules;

interface Samples {
  readonly wrong: [path: string, text: string][];
  readonly right: [path: string, text: string][];
}

const root = new URL("..", import.meta.url).pathname;
const files = globSync("src/**/*.ts", { cwd: root }).map((path) => readSource(path, readFileSync(root + path, "utf8")));

function readSource(path: string, text: string): SourceFile {
  const nodes = parseNodes(text);
  return { path, text, nodes, imports: listImports(nodes) };
}

/** For each rule: what it must find, and what looks like it and is allowed. */
const samples: Readonly<Record<string, Samples>> = {
  "a folder imports itself or a lower line": {
    wrong: [
      ["src/git/publish.ts", 'import { x } from "../worker/x.ts";'],
      ["src/git/publish.ts", 'import type { X } from "../container/x.ts";'],
      ["src/agents/claude/verdict.ts", 'import { x } from "../../report/x.ts";'],
      ["src/core/task.ts", 'export { x } from "../util/x.ts";'],
      ["src/core/task.ts", 'export * from "../git/x.ts";'],
      ["src/worker/run-task.ts", 'const { x } = await import("../cli/x.ts");'],
      ["src/worker/run-task.ts", 'type X = import("../config/x.ts").X;'],
      ["src/cli/program.ts", 'import { x } from "../main.ts";'],
      ["src/newcomer/x.ts", 'import { x } from "../core/x.ts";'],
      ["src/cli/program.ts", 'import { x } from "../newcomer/x.ts";'],
    ],
    right: [
      ["src/git/publish.ts", 'import { x } from "./x.ts"; import { y } from "../core/y.ts"; import "node:fs";'],
      ["src/agents/claude/agent.ts", 'import { x } from "../../container/x.ts"; import { y } from "../table.ts";'],
      ["src/config/load-config.ts", 'import { x } from "../util/x.ts";'],
      ["src/wire.ts", 'import { x } from "./cli/x.ts";'],
    ],
  },
  "an outside package is imported by its owner only": {
    wrong: [
      ["src/worker/x.ts", 'import Docker from "dockerode";'],
      ["src/cli/x.ts", 'import type { Agent } from "undici";'],
      ["src/report/x.ts", 'const { Chalk } = await import("chalk");'],
      ["src/main.ts", 'import { request } from "undici";'],
      ["src/util/x.ts", 'import { x } from "@scope/newcomer/deep";'],
    ],
    right: [
      ["src/container/engine/x.ts", 'import type Docker from "dockerode";'],
      ["src/core/x.ts", 'import { z } from "zod"; import { join } from "node:path";'],
    ],
  },
  "process.env is read in config only": {
    wrong: [
      ["src/git/x.ts", "const home = process.env.HOME;"],
      ["src/git/x.ts", 'const home = process["env"].HOME;'],
      ["src/git/x.ts", "const { env } = process;"],
      ["src/git/x.ts", 'import { env } from "node:process";'],
      ["src/wire.ts", "f(process.env);"],
    ],
    right: [
      ["src/config/x.ts", "const home = process.env.HOME;"],
      ["src/config/caller-environment.ts", "f(process.env);"],
      ["src/git/x.ts", 'const text = "process.env"; // process.env'],
    ],
  },
  "only main.ts ends the process": {
    wrong: [
      ["src/cli/x.ts", "process.exit(1);"],
      ["src/cli/x.ts", "process.exitCode = 1;"],
      ["src/cli/x.ts", 'import { exit } from "node:process";'],
    ],
    right: [
      ["src/main.ts", "process.exitCode = 1; process.exit();"],
      ["src/cli/x.ts", "process.stdout.write(String(report.exitCode));"],
    ],
  },
  "nothing is printed with console": {
    wrong: [
      ["src/cli/x.ts", 'console.log("x");'],
      ["src/cli/x.ts", "const { log } = console;"],
    ],
    right: [["src/cli/x.ts", 'process.stdout.write("console");']],
  },
  "nothing is exported as default": {
    wrong: [
      ["src/cli/x.ts", "export default function x() {}"],
      ["src/cli/x.ts", "const x = 1; export { x as default };"],
    ],
    right: [["src/cli/x.ts", "export const x = 1;"]],
  },
  "a type is never forced, but by `as const`": {
    wrong: [
      ["src/cli/x.ts", "const x = y as string;"],
      ["src/cli/x.ts", "const x = y as unknown as string;"],
      ["src/cli/x.ts", "const x = <string>y;"],
      ["src/cli/x.ts", "const x = y!.z;"],
    ],
    right: [["src/cli/x.ts", 'import { a as b } from "./a.ts"; const x = ["y"] as const satisfies string[];']],
  },
  "files are named in kebab-case": {
    wrong: [
      ["src/cli/runTask.ts", ""],
      ["src/cli/run_task.ts", ""],
      ["src/Cli/run.ts", ""],
    ],
    right: [["src/cli/run-task.ts", ""]],
  },
  "a file has at most 250 lines": {
    wrong: [["src/cli/x.ts", "x;\n".repeat(251)]],
    right: [["src/cli/x.ts", "x;\n".repeat(250)]],
  },
} satisfies Record<RuleName, Samples>;

it("finds the sources", () => {
  expect(files.map(({ path }) => path)).toContain("src/core/error-table.ts");
});

describe.each(Object.entries<Rule>(rules))("%s", (name, rule) => {
  const { wrong, right } = samples[name] ?? { wrong: [], right: [] };

  it("holds in src", () => {
    expect(files.flatMap((file) => rule(file).map((problem) => `${file.path}: ${problem}`))).toEqual([]);
  });

  it.each(wrong)("is broken by %s with %j", (path, text) => {
    expect(rule(readSource(path, text))).not.toEqual([]);
  });

  it.each(right)("allows %s with %j", (path, text) => {
    expect(rule(readSource(path, text))).toEqual([]);
  });
});

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { optionList } from "../../src/config/options.ts";
import { WorkerError } from "../../src/core/worker-error.ts";
import { createCapturedContext } from "../support/cli-context.ts";

async function show(...argv: string[]): Promise<string> {
  const context = createCapturedContext();
  expect(await runProgram(argv, context)).toBe(0);
  expect(context.written.stderr).toBe("");
  return context.written.stdout;
}

const withFlags = optionList.filter(({ flags }) => flags.length > 0);
const ofServe = withFlags.filter(({ group }) => group === "Task server");
const ofRuns = withFlags.filter((setting) => !ofServe.includes(setting));

it("describes the task server's flags under serve --help, with those of its containers, and not under run --help", async () => {
  const [serve, run] = [await show("serve", "--help"), await show("run", "--help")];
  for (const { flags, environment } of ofServe) {
    for (const { name } of [...flags, ...environment]) expect(serve).toContain(name);
    for (const { name } of flags) expect(run).not.toContain(`${name} `);
  }
  expect(serve).toContain("--ca-bundle");
  expect(serve).not.toContain("--on-branch-exists");
});

it.each([["--help"], ["run", "--help"]])("describes every flag and its variables under %s %s", async (...argv) => {
  const help = (await show(...argv)).replaceAll(/\s+/g, " ");
  for (const { flags, environment } of ofRuns) {
    for (const { name } of [...flags, ...environment]) expect(help).toContain(name);
  }
  for (const words of [
    "--task <TEXT>",
    "Examples:",
    "Exit codes:",
    "124",
    "ANTHROPIC_API_KEY",
    "docs/configuration.md",
  ]) {
    expect(help).toContain(words);
  }
});

it("lists the commands", async () => {
  const help = await show("--help");
  for (const name of ["run", "runs", "image", "doctor", "config", "demo", "completion"]) {
    expect(help).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  }
});

it("breaks help at the width of the terminal", async () => {
  const context = createCapturedContext();
  await runProgram(["--help"], { ...context, stdout: Object.assign(context.stdout, { columns: 60 }) });
  const options = context.written.stdout.slice(0, context.written.stdout.indexOf("Examples:"));
  expect(Math.max(...options.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
});

it("bears that its reader goes away", () => {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const line = 'set -o pipefail; "$0" "$1" --help | (exec 0<&-)';
  const { status, stderr } = spawnSync("bash", ["-c", line, process.execPath, main], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

it("says its version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(await show("--version")).toBe(`${version}\n`);
});

it.each([
  [["--modle", "x"], 'Unknown flag "--modle".', "Did you mean --model?"],
  [["runs", "list", "--jsno"], 'Unknown flag "--jsno".', "Did you mean --json?"],
  [["doctr"], 'Unknown command "doctr".', "Did you mean doctor?"],
  [["image", "biuld"], 'Unknown command "biuld".', "Did you mean build?"],
  [["fix", "it"], 'Unknown command "fix".', 'A task is given with --task "...". See `agent-worker run --help`.'],
  [
    ["runs"],
    "runs needs a command: list, show, logs, clean, submit, wait, collect, resume.",
    "See `agent-worker runs --help`.",
  ],
  [["runs", "show"], "Missing required argument 'run'.", "See `agent-worker runs show --help`."],
  [["demo", "--branch", "x"], 'Unknown flag "--branch".', "See `agent-worker demo --help`."],
  [["demo", "--dry-run"], 'Unknown flag "--dry-run".', "See `agent-worker demo --help`."],
  [["demo", "--task", "x"], 'Unknown flag "--task".', "See `agent-worker demo --help`."],
  [["--max-turns"], "Option '--max-turns <N>' argument missing.", "See `agent-worker run --help`."],
  [["completion", "bahs"], 'There is no completion for "bahs".', "Choose one of bash, zsh, fish. Did you mean bash?"],
])("refuses %j with exit code 2 and nothing on stdout", async (argv, message, hint) => {
  const context = createCapturedContext();
  const error: unknown = await runProgram(argv, context).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(WorkerError);
  expect(error).toMatchObject({ code: "USAGE", exit: 2, message, hint });
  expect(context.written).toEqual({ stdout: "", stderr: "" });
});

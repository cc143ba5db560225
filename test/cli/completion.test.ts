import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { createCapturedContext } from "../support/cli-context.ts";

let directory: string;
const scripts: Record<string, string> = {};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "completion-"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const context = createCapturedContext();
    await runProgram(["completion", shell], context);
    scripts[shell] = context.written.stdout;
  }
  writeFileSync(join(directory, "script.bash"), scripts["bash"] ?? "");
  writeFileSync(join(directory, "task one.md"), "");
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash proposes for a line whose last word is being typed. */
function complete(...words: string[]): string[] {
  const program = `source ./script.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
[ "$(complete -p agent-worker)" = "complete -F _agent_worker agent-worker" ] || exit 1
_agent_worker
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["--norc", "-c", program, "bash", ...words], {
    cwd: directory,
    encoding: "utf8",
  });
  return output.split("\n").filter((line) => line !== "");
}

it("completes flags, commands, choices, files and shells in bash", () => {
  expect(complete("agent-worker", "run", "--ex")).toEqual(["--execution-mode"]);
  expect(complete("agent-worker", "--ex")).toEqual(["--execution-mode"]);
  expect(complete("agent-worker", "ru")).toEqual(["run", "runs"]);
  expect(complete("agent-worker", "runs", "l")).toEqual(["list", "logs"]);
  expect(complete("agent-worker", "run", "--execution-mode", "")).toEqual(["cli", "server"]);
  expect(complete("agent-worker", "runs", "logs", "x", "--log", "a")).toEqual(["agent"]);
  expect(complete("agent-worker", "--task-file", "ta")).toEqual(["task one.md"]);
  expect(complete("agent-worker", "--model", "")).toEqual([]);
  expect(complete("agent-worker", "completion", "z")).toEqual(["zsh"]);
});

it("names every command and flag for zsh and fish", () => {
  for (const shell of ["zsh", "fish"]) {
    for (const word of ["execution-mode", "cli server", "doctor", "prune", "on-branch-exists", "task-file"]) {
      expect(scripts[shell]).toContain(word);
    }
  }
  expect(scripts["zsh"]).toMatch(/^#compdef agent-worker\n/);
  expect(scripts["fish"]).toMatch(/^complete -c agent-worker -n 'not __fish_seen_subcommand_from run runs /m);
});

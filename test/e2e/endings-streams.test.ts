import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/core/run-report.ts";
import { createWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { expectTidy } from "./tidy.ts";

const program = new URL("../../bin/agent-worker.js", import.meta.url).pathname;
const runInShell = promisify(execFile);

/** Runs a line of shell in which `aw` stands for the program and a task; gives what it says and the stored report. */
async function shell(world: World, line: string): Promise<{ stdout: string; stderr: string; report: RunReport }> {
  const aw = `aw() { '${process.execPath}' '${program}' --task 'Write it' --branch work "$@"; }`;
  const { stdout, stderr } = await runInShell("bash", ["-c", `${aw}\n${line}`], {
    cwd: world.repository.path,
    env: { ...world.environment },
  });
  const runs = join(world.stateDirectory, "runs");
  const [runId = ""] = readdirSync(runs);
  return { stdout, stderr, report: JSON.parse(readFileSync(join(runs, runId, "report.json"), "utf8")) };
}

describe("a run whose reader goes away", () => {
  it.each([
    ["stdout is a pipe to head -1", "aw --output ndjson | head -1; echo ${PIPESTATUS[0]}"],
    ["stdout is a pipe that nobody reads", "aw | true; echo ${PIPESTATUS[0]}"],
    ["stdout is closed", "aw >&-; echo $?"],
    ["stderr is closed", "aw --output json 2>&- > report.out; echo $?"],
    ["stderr is a pipe that nobody reads", "{ aw > report.out; echo $?; } 2> >(true)"],
    ["stdin, stdout and stderr are closed", "aw <&- >&- 2>&-; echo $?"],
  ])("still does its work and ends with exit code 0: %s", async (_, line) => {
    await using world = await createWorld();
    const { stdout, report } = await shell(world, line);
    expect(stdout.trim().split("\n").at(-1)).toBe("0");
    await expectTidy(world, { exitCode: 0, signal: null, stdout, stderr: "", report });
    expect(world.repository.git("show", "work:hello.txt")).toBe("Hello from the agent.");
  });

  it("does its work as well where stdout is a full disk, and says so with exit code 4", async () => {
    await using world = await createWorld();
    const { stdout, stderr, report } = await shell(world, "aw --output ndjson > /dev/full; echo $?");
    expect([stdout.trim(), report.outcome]).toEqual(["4", "succeeded"]);
    expect(stderr).toMatch(/no space left(.|\n)*DISK_FULL/);
    expect(stderr).toContain("agent-worker runs show latest");
    await expectTidy(world, { exitCode: 0, signal: null, stdout, stderr, report });
  });

  it("needs no terminal: output to files and pipes holds no control sequence", async () => {
    await using world = await createWorld();
    const { stdout, stderr } = await shell(world, "aw < /dev/null | cat");
    expect(stdout).toContain("Succeeded");
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    expect(`${stdout}${stderr}`).not.toMatch(/[\u001b\r]/);
  });
});

describe("a run under unusual circumstances", () => {
  it("works under a umask that keeps everything to the caller", async () => {
    await using world = await createWorld();
    const { report } = await shell(world, "umask 077; aw > report.out");
    expect([report.outcome, report.reason]).toEqual(["succeeded", null]);
  });

  it("works beside another run on the same repository, each with its own branch", async () => {
    await using world = await createWorld();
    const results = await Promise.all([1, 2].map((n) => world.runTask(["--task", `Write ${n}`])));
    for (const { report } of results) expect([report.outcome, report.reason]).toEqual(["succeeded", null]);
    const names = results.map(({ report }) => report.branch?.name ?? "");
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(world.repository.git("show", `${name}:hello.txt`)).toContain("Hello");
  });

  it("that wants the branch of a run at work is refused, and the other one goes on", async () => {
    await using world = await createWorld();
    const results = await Promise.all([1, 2].map((n) => world.run(["--task", `Write ${n}`, "--branch", "work"])));
    expect(results.map(({ exitCode }) => exitCode)).toEqual(expect.arrayContaining([0, 2]));
    expect(results.find(({ exitCode }) => exitCode === 2)?.stderr).toContain("BRANCH_EXISTS");
    expect(world.repository.git("show", "work:hello.txt")).toContain("Hello");
    expect(readdirSync(join(world.stateDirectory, "runs"))).toHaveLength(1);
  });

  it("that takes another name because of a run at work records the branch it has", async () => {
    await using world = await createWorld();
    const argv = ["--branch", "work", "--on-branch-exists", "suffix"];
    const results = await Promise.all([1, 2, 3].map((n) => world.runTask(["--task", `Write ${n}`, ...argv])));
    const names = results.map(({ report }) => report.branch?.name);
    expect(new Set(names).size).toBe(3);
    for (const { report } of results) {
      const record = JSON.parse(readFileSync(join(world.stateDirectory, "runs", report.runId, "run.json"), "utf8"));
      expect(record.branch.name).toBe(report.branch?.name);
    }
  });
});

import { expect } from "vitest";
import type { RunReport } from "../../src/core/run-report.ts";
import type { TestRepository } from "./repository.ts";
import { snapshotCheckout } from "./snapshot-checkout.ts";
import { listLeftovers } from "./world.ts";
import type { StartOptions, World } from "./world.ts";

export interface WorkOptions extends StartOptions {
  readonly argv?: readonly string[];
  /** What the work must start from. */
  readonly base?: string;
}

/** Runs a task with the real agent CLI: the work is on the branch, on top of the base, and the checkout as it was. */
export async function expectWork(
  world: World,
  repository: TestRepository,
  options: WorkOptions = {},
): Promise<RunReport> {
  const { argv = [], base = repository.git("rev-parse", "HEAD"), cwd = repository.path, ...rest } = options;
  const before = snapshotCheckout(repository.path);
  const task = ["--task", "Write hello", "--branch", "work", ...argv];
  const { report, exitCode } = await world.runTask(task, { cwd, ...rest });
  expect(report).toMatchObject({
    outcome: "succeeded",
    reason: null,
    branch: { name: "work" },
    repository: { path: repository.path, base: { sha: base } },
    stats: { commits: 1, filesChanged: 1, files: [{ path: "hello.txt", status: "added" }] },
  });
  expect(exitCode).toBe(0);
  expect(snapshotCheckout(repository.path)).toEqual(before);
  expect(repository.git("rev-parse", "work", "work~1")).toBe(`${report.branch?.head}\n${base}`);
  expect(repository.git("show", "work:hello.txt")).toBe("Hello from the agent.");
  expect(repository.git("for-each-ref", "refs/agent-worker")).toBe("");
  expect(listLeftovers(world)).toEqual([]);
  repository.git("fsck", "--no-dangling");
  return report;
}

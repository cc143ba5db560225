import { mkdir, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { fillWorkspace } from "../docker/entry/workspace.mjs";
import { prepareObjects } from "../src/agents/contained/prepare-objects.ts";
import { defaultIdentity } from "../src/git/git-environment.ts";
import { openRepository } from "../src/git/repository.ts";
import { resolveBase } from "../src/git/resolve-base.ts";
import { alternate, time } from "./support/alternate.ts";
import { ensureLargeRepository } from "./support/large-repository.ts";
import { cacheDirectory } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { runProcess } from "./support/run-process.ts";

const signal = new AbortController().signal;

/**
 * A workspace of a large repository, all that host and container do for it, against `git worktree add`. The container's part runs here
 * with the very same program, so that both write to the same file system and no container's start is in it.
 */
export const workspace: Bench = {
  rows: ["workspace"],
  async measure({ runs = 5, log }) {
    const repository = await ensureLargeRepository(log);
    const ours = join(cacheDirectory, "ours");
    const scratch = join(cacheDirectory, "scratch");
    const floor = join(cacheDirectory, "floor");
    const git = (...args: string[]): Promise<unknown> =>
      runProcess("git", args, { cwd: repository, environment: process.env });
    const clear = async (): Promise<void> => {
      for (const directory of [ours, scratch, floor]) await rm(directory, { recursive: true, force: true });
      await git("worktree", "prune");
    };
    await clear();
    const figures = await alternate({
      runs,
      warmUps: 1,
      async ours() {
        const ms = await time(() => makeWorkspace(repository, ours, scratch));
        await clear();
        return ms;
      },
      async floor() {
        const ms = await time(() => git("worktree", "add", "--quiet", "--detach", floor, "HEAD"));
        await clear();
        return ms;
      },
    });
    return [buildRow("workspace", { unit: "ms", goal: 1.2, ...figures })];
  },
};

async function makeWorkspace(directory: string, workTree: string, scratch: string): Promise<void> {
  const settings = { path: process.env["PATH"] ?? "", home: "/nonexistent" };
  const repository = await openRepository(directory, settings, signal);
  const { sha } = await resolveBase(repository, "HEAD", signal);
  const isCaller = process.getuid?.() !== 0;
  const objects = await prepareObjects({
    repository,
    base: sha,
    isCaller,
    relabel: false,
    directory: scratch,
    signal,
  });
  const start = {
    mode: "run" as const,
    promptBytes: 0,
    directory: "repository",
    branch: "agent/bench",
    base: sha,
    objectFormat: repository.objectFormat,
    objectDirectories: objects.count,
    shallow: [...objects.shallow],
    command: [],
    conversation: null,
    environment: {},
    author: defaultIdentity,
    commitMessage: "",
  };
  // Inside the container these are mounts.
  const mounted = join(scratch, "mounted");
  await mkdir(mounted, { recursive: true });
  await Promise.all(objects.mounts.map(({ source, target }) => symlink(source, join(mounted, basename(target)))));
  await fillWorkspace(workTree, start, mounted);
}

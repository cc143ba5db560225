import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { objectsRoot, prepareObjects } from "../src/agents/contained/prepare-objects.ts";
import { layOutRepository } from "../src/git/lay-out-repository.ts";
import { openRepository } from "../src/git/repository.ts";
import { resolveBase } from "../src/git/resolve-base.ts";
import { alternate, time } from "./support/alternate.ts";
import { ensureLargeRepository } from "./support/large-repository.ts";
import { cacheDirectory, root } from "./support/product.ts";
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
    base: Promise.resolve(sha),
    isCaller,
    relabel: false,
    directory: scratch,
    signal,
  });
  const template = join(scratch, "tree");
  layOutRepository(join(template, ".git"), {
    objectFormat: repository.objectFormat,
    core: ["bare = false"],
    head: { ref: "refs/heads/agent/bench", commit: sha },
    // Inside the container these are mounts.
    borrowed: objects.mounts.filter(({ target }) => dirname(target) === objectsRoot).map(({ source }) => source),
    shallow: objects.shallow,
  });
  await runProcess("sh", ["-c", '. docker/entry/launch.sh; fill "$1" "$2"', "sh", template, workTree], { cwd: root });
}

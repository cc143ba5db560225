import type { Dirent } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Whoever made it is gone: a git whose server was killed ends within seconds. */
const leftAfterMs = 10 * 60_000;

/**
 * Removes what kills in the middle of a push, a fetch or a ref's move have left in the server's repositories: locks, that would refuse
 * all that follows, and packs that were never taken in. For the start of a server; answers how many there were.
 */
export async function sweepLeftovers(dataDirectory: string, signal: AbortSignal): Promise<number> {
  const root = join(dataDirectory, "repositories");
  let removed = 0;
  for (const owner of await list(root)) {
    for (const entry of await list(join(root, owner.name))) {
      signal.throwIfAborted();
      const path = join(root, owner.name, entry.name);
      const found = entry.name.endsWith(".git") ? await listLeft(path) : [path].filter(() => isHalfMade(entry));
      for (const left of found) removed += Number(await removeOld(left));
    }
  }
  return removed;
}

function isHalfMade({ name }: Dirent): boolean {
  return name.startsWith(".new-") || name.startsWith(".fetch-");
}

async function listLeft(repository: string): Promise<readonly string[]> {
  const objects = join(repository, "objects");
  const [top, refs, incoming, packs] = await Promise.all([
    list(repository),
    readdir(join(repository, "refs"), { recursive: true }).catch(() => []),
    list(objects),
    list(join(objects, "pack")),
  ]);
  return [
    ...top.filter(({ name }) => name.endsWith(".lock")).map(({ name }) => join(repository, name)),
    ...refs.filter((name) => name.endsWith(".lock")).map((name) => join(repository, "refs", name)),
    ...incoming.filter(({ name }) => /^(incoming|tmp_objdir)-/.test(name)).map(({ name }) => join(objects, name)),
    ...packs.filter(({ name }) => /^(tmp_|\.tmp-)/.test(name)).map(({ name }) => join(objects, "pack", name)),
  ];
}

async function list(directory: string): Promise<readonly Dirent[]> {
  return readdir(directory, { withFileTypes: true }).catch(() => []);
}

async function removeOld(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (found === null || Date.now() - found.mtimeMs < leftAfterMs) return false;
  await rm(path, { recursive: true, force: true });
  return true;
}

import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

/** Longer than any system follows (PATH_MAX). */
const maxTargetBytes = 4_096;

/**
 * The targets of symbolic links by the id of their blob, one letter per byte (latin1). A blob that is too long to be a
 * target, or is not there, has no entry.
 */
export async function readLinkTargets(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const short = await selectShort(repository, [...new Set(ids)], signal);
  const targets = new Map<string, string>();
  if (short.length === 0) return targets;
  const input = short.map((id) => `${id}\n`).join("");
  const { stdout } = await runGit(repository, ["cat-file", "--batch", "--buffer"], { signal, input });
  let at = 0;
  for (const id of short) {
    const headerEnd = stdout.indexOf("\n", at);
    const size = Number(stdout.toString("latin1", at, headerEnd).split(" ")[2]);
    targets.set(id, stdout.toString("latin1", headerEnd + 1, headerEnd + 1 + size));
    at = headerEnd + size + 2;
  }
  return targets;
}

/** The sizes first: what a tree calls a link may be a blob of any size. */
async function selectShort(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const args = ["cat-file", "--buffer", "--batch-check=%(objectsize)"];
  const { stdout } = await runGit(repository, args, { signal, input: ids.map((id) => `${id}\n`).join("") });
  const sizes = stdout.toString("latin1").split("\n").map(Number);
  return ids.filter((_, index) => (sizes[index] ?? Number.NaN) <= maxTargetBytes);
}

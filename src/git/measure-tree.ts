import type { Quarantine } from "./quarantine.ts";
import { streamGit } from "./run-git.ts";

/** How much a commit's tree stands for once it is walked: each path counts, however often its object is used. */
export interface TreeSize {
  /** Files and folders. */
  readonly entries: number;
  /** Of all paths together. */
  readonly pathBytes: number;
  readonly longestPathBytes: number;
  /** Levels of the deepest path; 1 at the top. */
  readonly depth: number;
}

/**
 * Walks a commit's tree and stops as soon as it is beyond a limit: a few hundred bytes of nested trees may stand for
 * more files than any machine holds. What is returned then is what was seen until there.
 */
export async function measureTree(
  place: Quarantine,
  { commit, limits }: { readonly commit: string; readonly limits: TreeSize },
  signal: AbortSignal,
): Promise<TreeSize> {
  const size = { entries: 0, pathBytes: 0, longestPathBytes: 0, depth: 0 };
  // With the folders: trees that hold nothing but trees would else be walked in silence.
  const args = ["ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", commit];
  const count = createCounter(size);
  for await (const chunk of streamGit(place, args, { signal })) {
    count(chunk);
    if (!isWithin(size, limits)) break;
  }
  return size;
}

export function isWithin(size: TreeSize, limits: TreeSize): boolean {
  return (
    size.entries <= limits.entries &&
    size.pathBytes <= limits.pathBytes &&
    size.longestPathBytes <= limits.longestPathBytes &&
    size.depth <= limits.depth
  );
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const slash = 47;

/** Counts byte by byte: the paths are not needed, and one alone may be too long to hold. */
function createCounter(size: Mutable<TreeSize>): (chunk: Uint8Array) => void {
  let length = 0;
  let levels = 1;
  return (chunk) => {
    // Many times faster than for-of on the megabytes of a large tree.
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === 0) {
        size.entries += 1;
        length = 0;
        levels = 1;
        continue;
      }
      length += 1;
      if (byte === slash) levels += 1;
      if (length > size.longestPathBytes) size.longestPathBytes = length;
      if (levels > size.depth) size.depth = levels;
    }
    size.pathBytes += chunk.length;
  };
}

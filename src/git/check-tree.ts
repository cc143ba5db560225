import { toWorkerError, WorkerError } from "../core/worker-error.ts";
import { isWithin, measureTree } from "./measure-tree.ts";
import type { TreeSize } from "./measure-tree.ts";
import type { Quarantine } from "./quarantine.ts";
import { commitLess } from "./receive-pack.ts";
import type { CommitRange } from "./read-changes.ts";

/** More than an agent adds, and little enough for git to compare in memory. Paths as long as Linux opens (PATH_MAX). */
const allowed: TreeSize = {
  entries: 1_000_000,
  pathBytes: 256 * 1024 ** 2,
  longestPathBytes: 4_096,
  depth: 512,
};

const anything: TreeSize = { entries: Infinity, pathBytes: Infinity, longestPathBytes: Infinity, depth: Infinity };

/**
 * Checks that head's tree can be walked and compared. The base is the user's own and may be of any size: only what
 * head has beyond it is limited. Throws IMPORT_TOO_LARGE; IMPORT_REFUSED where a tree is missing.
 */
export async function checkTree(
  quarantine: Quarantine,
  { base, head }: CommitRange,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (isWithin(await measureTree(quarantine, { commit: head, limits: allowed }, signal), allowed)) return;
    const limits = extend(await measureTree(quarantine, { commit: base, limits: anything }, signal));
    const size = await measureTree(quarantine, { commit: head, limits }, signal);
    if (!isWithin(size, limits)) throw toTooLargeError(size, limits);
  } catch (error) {
    if (signal.aborted || toWorkerError(error).code !== "GIT_FAILED") throw error;
    throw new WorkerError("IMPORT_REFUSED", `The agent's objects are incomplete: ${toWorkerError(error).message}`, {
      hint: "The agent may have damaged its repository: run the task again.",
      cause: error,
    });
  }
}

function extend(base: TreeSize): TreeSize {
  return {
    entries: base.entries + allowed.entries,
    pathBytes: base.pathBytes + allowed.pathBytes,
    longestPathBytes: Math.max(base.longestPathBytes, allowed.longestPathBytes),
    depth: Math.max(base.depth, allowed.depth),
  };
}

function toTooLargeError(size: TreeSize, limits: TreeSize): WorkerError {
  return new WorkerError("IMPORT_TOO_LARGE", `The agent's commit holds ${describeExcess(size, limits)}.`, {
    hint: commitLess,
  });
}

function describeExcess(size: TreeSize, limits: TreeSize): string {
  if (size.depth > limits.depth) return `a path of more than ${limits.depth} levels`;
  if (size.longestPathBytes > limits.longestPathBytes) return `a path of more than ${limits.longestPathBytes} bytes`;
  if (size.entries > limits.entries) return `over ${allowed.entries} files and folders more than its base`;
  return `over ${allowed.pathBytes} bytes of paths more than its base`;
}

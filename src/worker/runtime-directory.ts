import { mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { maxRuntimeParentBytes } from "../util/socket-path.ts";

/** A private directory (0700) of one run. Gone when disposed. */
export interface RunDirectory extends AsyncDisposable {
  readonly path: string;
}

/** For sockets: a short path, perhaps in memory. Throws STATE_UNWRITABLE. */
export function openRuntimeDirectory(parent: string): RunDirectory {
  if (Buffer.byteLength(parent) > maxRuntimeParentBytes) {
    throw new WorkerError(
      "STATE_UNWRITABLE",
      `${parent} is too long a path for sockets (at most ${maxRuntimeParentBytes} bytes).`,
      { hint: "Set XDG_RUNTIME_DIR or TMPDIR to a shorter path, such as /tmp." },
    );
  }
  try {
    return toRunDirectory(mkdtempSync(join(parent, "agent-worker-")));
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `No directory for sockets can be made in ${parent}.`, {
      hint: "Set XDG_RUNTIME_DIR or TMPDIR to a directory you can write.",
      cause,
    });
  }
}

/** For large files, at `path`, on the disk that keeps the state. */
export function openScratchDirectory(path: string): RunDirectory {
  mkdirSync(path, { mode: 0o700 });
  return toRunDirectory(path);
}

function toRunDirectory(path: string): RunDirectory {
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

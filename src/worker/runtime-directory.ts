import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { maxRuntimeParentBytes } from "../util/socket-path.ts";

/** A private directory (0700) of one run: sockets, quarantine. Gone when disposed. */
export interface RuntimeDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Throws STATE_UNWRITABLE. */
export async function openRuntimeDirectory(parent: string): Promise<RuntimeDirectory> {
  if (Buffer.byteLength(parent) > maxRuntimeParentBytes) {
    throw new WorkerError(
      "STATE_UNWRITABLE",
      `${parent} is too long a path for sockets (at most ${maxRuntimeParentBytes} bytes).`,
      { hint: "Set XDG_RUNTIME_DIR or TMPDIR to a shorter path, such as /tmp." },
    );
  }
  const path = await mkdtemp(join(parent, "agent-worker-")).catch((cause: unknown) => {
    throw new WorkerError("STATE_UNWRITABLE", `No directory for sockets can be made in ${parent}.`, {
      hint: "Set XDG_RUNTIME_DIR or TMPDIR to a directory you can write.",
      cause,
    });
  });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

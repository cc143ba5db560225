import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";

/** A private directory (0700) of one run: sockets, quarantine. Gone when disposed. */
export interface RuntimeDirectory extends AsyncDisposable {
  readonly path: string;
}

/** The kernel's limit for a socket's path, without its ending zero; `/run/control.sock` is the longest we add. */
const maxPathBytes = 107 - "/run/control.sock".length;

/** Throws STATE_UNWRITABLE. */
export async function openRuntimeDirectory(parent: string): Promise<RuntimeDirectory> {
  const path = await mkdtemp(join(parent, "agent-worker-")).catch((cause: unknown) => {
    throw new WorkerError("STATE_UNWRITABLE", `No directory for sockets can be made in ${parent}.`, {
      hint: "Set XDG_RUNTIME_DIR or TMPDIR to a directory you can write.",
      cause,
    });
  });
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  if (Buffer.byteLength(path) > maxPathBytes) {
    await remove();
    throw new WorkerError(
      "STATE_UNWRITABLE",
      `${parent} is too long a path for sockets (at most ${maxPathBytes - 20} bytes).`,
      {
        hint: "Set XDG_RUNTIME_DIR or TMPDIR to a shorter path, such as /tmp.",
      },
    );
  }
  return { path, [Symbol.asyncDispose]: remove };
}

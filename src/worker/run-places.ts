import type { RunFiles } from "../store/run-files.ts";
import { openRunLogs } from "./run-logs.ts";
import type { RunLogs } from "./run-logs.ts";
import { openRuntimeDirectory, openScratchDirectory } from "./runtime-directory.ts";

/** Where a run puts what it does not keep, and its raw logs. */
export interface RunPlaces extends AsyncDisposable {
  readonly runtimeDirectory: string;
  readonly scratchDirectory: string;
  readonly logs: RunLogs;
}

/** All at once; where one cannot be opened the others are closed again. Throws STATE_UNWRITABLE or DISK_FULL. */
export async function openRunPlaces(runtimeParent: string, files: RunFiles): Promise<RunPlaces> {
  const opening = [
    openRuntimeDirectory(runtimeParent),
    openScratchDirectory(files.scratch),
    openRunLogs(files),
  ] as const;
  const close = async (): Promise<void> => {
    for (const place of await Promise.allSettled(opening)) {
      if (place.status === "fulfilled") await place.value[Symbol.asyncDispose]();
    }
  };
  try {
    const [runtime, scratch, logs] = await Promise.all(opening);
    await files.update({ runtimeDirectory: runtime.path });
    return { runtimeDirectory: runtime.path, scratchDirectory: scratch.path, logs, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

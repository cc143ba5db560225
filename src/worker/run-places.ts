import type { RunFiles } from "../store/run-files.ts";
import { openDisposables } from "../util/disposables.ts";
import { openRunLogs } from "./run-logs.ts";
import type { RunLogs } from "./run-logs.ts";
import { openRuntimeDirectory, openScratchDirectory } from "./runtime-directory.ts";

/** Where a run puts what it does not keep, and its raw logs. */
export interface RunPlaces extends AsyncDisposable {
  readonly runtimeDirectory: string;
  readonly scratchDirectory: string;
  readonly logs: RunLogs;
}

/** Where one cannot be opened the others are closed again. Throws STATE_UNWRITABLE or DISK_FULL. */
export async function openRunPlaces(runtimeParent: string, files: RunFiles): Promise<RunPlaces> {
  await using opening = openDisposables();
  const runtime = opening.use(openRuntimeDirectory(runtimeParent));
  files.update({ runtimeDirectory: runtime.path });
  const scratch = opening.use(openScratchDirectory(files.scratch));
  const logs = opening.use(openRunLogs(files));
  const { [Symbol.asyncDispose]: close } = opening.move();
  return { runtimeDirectory: runtime.path, scratchDirectory: scratch.path, logs, [Symbol.asyncDispose]: close };
}

import type { Repository } from "../git/repository.ts";
import type { Store } from "../store/store.ts";
import { createUlid } from "../util/ulid.ts";
import { openRuntimeDirectory, openScratchDirectory } from "./runtime-directory.ts";

/** Where an agent waits for a task. Recorded like a run, so that what a kill leaves of it is found and removed like a run's. */
export interface WaitingPlace extends AsyncDisposable {
  readonly runId: string;
  readonly runtimeDirectory: string;
  readonly scratchDirectory: string;
  container(id: string): void;
}

const title = "Waiting for a task";

export async function openWaitingPlace(
  store: Store,
  runtimeParent: string,
  { path, commonDirectory }: Repository,
): Promise<WaitingPlace> {
  const runId = createUlid();
  const files = store.createRun({ runId, title, repository: path, commonDirectory, waiting: true });
  const removeRecord = (): Promise<void> => store.removeRun(runId);
  try {
    const runtime = openRuntimeDirectory(runtimeParent);
    files.update({ runtimeDirectory: runtime.path });
    const scratch = openScratchDirectory(files.scratch);
    return {
      runId,
      runtimeDirectory: runtime.path,
      scratchDirectory: scratch.path,
      container: (id) => files.tryUpdate({ containerId: id }),
      async [Symbol.asyncDispose]() {
        await Promise.all([runtime[Symbol.asyncDispose](), scratch[Symbol.asyncDispose]()]);
        await removeRecord();
      },
    };
  } catch (error) {
    await removeRecord();
    throw error;
  }
}

import type { Store, StoredRun } from "../../store/store.ts";
import { readProcessIdentity } from "../../util/process-identity.ts";
import { cleanRun } from "../../worker/cleaning/clean-run.ts";
import type { CleaningPorts } from "../../worker/cleaning/clean-run.ts";
import { readRunState } from "../../worker/cleaning/run-state.ts";
import type { RunState } from "../../worker/cleaning/run-state.ts";
import { sweepLeftovers } from "../repositories/sweep-leftovers.ts";
import type { Logger } from "../logger.ts";

export interface RecoveryParts {
  /** The runs of this server, below its data directory. */
  readonly runs: Store;
  /** Where the repositories are. */
  readonly dataDirectory: string;
  readonly ports: (signal: AbortSignal) => CleaningPorts;
  readonly logger: Pick<Logger, "warn">;
}

/**
 * Removes containers, sockets, scratch directories and refs of runs whose server was killed: `DispatcherParts.recover`. Goes on
 * after a failure, and the next start tries again. Their work counts no more, so none of it is kept.
 */
export function createRecovery({
  runs,
  dataDirectory,
  ports,
  logger,
}: RecoveryParts): (signal: AbortSignal) => Promise<void> {
  const own = readProcessIdentity();
  // The directory is this process's alone: who else has written there is gone, whatever the host is called by now.
  const readState = (run: StoredRun): RunState => {
    const { record } = run;
    if (record === null || record.endedAt !== null) return readRunState(run);
    const isOwn = record.pid === own.pid && record.pidStartTime === own.pidStartTime && record.bootId === own.bootId;
    return isOwn ? "running" : "killed";
  };
  return async (signal) => {
    const setting = { store: runs, ports: ports(signal), readState };
    const left = (await runs.listRuns()).filter(({ record }) => record !== null && record.endedAt === null);
    for (const run of left.filter((run) => readState(run) === "killed")) {
      if (signal.aborted) return;
      try {
        const { done } = await cleanRun(
          run,
          { remove: run.record?.waiting ?? false, force: true, dryRun: false },
          setting,
        );
        logger.warn({ runId: run.id, done }, "cleaned up after a run that was killed");
      } catch (error) {
        logger.warn({ runId: run.id, err: error }, "not all that a killed run left could be removed");
      }
    }
    await runs.sweep();
    const removed = await sweepLeftovers(dataDirectory, signal);
    if (removed > 0) logger.warn({ removed }, "removed what killed pushes and fetches had left");
  };
}

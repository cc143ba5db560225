import type { AgentResult } from "../core/agent-event.ts";
import { emptyDiffStat } from "../core/diff-stat.ts";
import type { DiffStat } from "../core/diff-stat.ts";
import type { Outcome } from "../core/outcome.ts";
import { toOutcome } from "../core/outcome.ts";
import { toReason } from "../core/reason.ts";
import type { Reason } from "../core/reason.ts";
import type { Warning } from "../core/warning.ts";
import { toWorkerError, WorkerError } from "../core/worker-error.ts";
import { readDiffStat } from "../git/diff-stat.ts";
import { dropImportRef } from "../git/import-pack.ts";
import { inspectChanges } from "../git/inspect-changes.ts";
import type { Repository } from "../git/repository.ts";
import type { Reservation } from "../git/reservation.ts";

export interface Published {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly branch: { readonly name: string; readonly head: string } | null;
  readonly stats: DiffStat;
  readonly warnings: readonly Warning[];
}

interface Work {
  readonly repository: Repository;
  readonly reservation: Reservation;
  readonly runId: string;
  readonly result: Pick<AgentResult, "outcome" | "reason" | "commit">;
}

/** Git needs milliseconds here; a lock or a dead disk must not hold a run for ever. */
const patienceMs = 5 * 60_000;

/**
 * From the commit an agent left to the branch and its statistics. Without a commit the branch goes again. What cannot be
 * published is kept under refs/agent-worker/<run id>. Never throws: what goes wrong is an outcome.
 */
export async function publishWork(work: Work): Promise<Published> {
  const { repository, reservation, runId, result } = work;
  const signal = AbortSignal.timeout(patienceMs);
  const { base, name } = reservation.plan;
  const { commit } = result;
  let stats = emptyDiffStat;
  let warnings: readonly Warning[] = [];
  try {
    if (commit === null) {
      await reservation.release(signal);
      const outcome = result.outcome === "succeeded" ? "no_changes" : result.outcome;
      return { outcome, reason: result.reason, branch: null, stats, warnings };
    }
    const range = { base: base.sha, head: commit };
    [stats, warnings] = await Promise.all([
      readDiffStat(repository, range, signal),
      inspectChanges(repository, range, signal),
    ]);
    await reservation.publish(commit, signal);
    const left = await dropImportRef(repository, runId, signal).then(() => [], toLeftWarning);
    const { outcome, reason } = result;
    return { outcome, reason, branch: { name, head: commit }, stats, warnings: [...warnings, ...left] };
  } catch (error) {
    const cause = toWorkerError(error);
    const reason = toReason(commit === null ? cause : withKeptRef(cause, runId));
    return { outcome: toOutcome(cause.code), reason, branch: null, stats, warnings };
  }
}

function withKeptRef(cause: WorkerError, runId: string): WorkerError {
  const hint = `The work is kept: git branch <name> refs/agent-worker/${runId}`;
  return new WorkerError(cause.code, cause.message, { hint, cause });
}

function toLeftWarning(error: unknown): Warning[] {
  return [{ code: "REF_LEFT", message: `A ref of the run is left behind: ${toWorkerError(error).message}` }];
}

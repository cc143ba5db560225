import type { AgentResult } from "../core/agent-event.ts";
import { emptyDiffStat } from "../core/empty.ts";
import type { DiffStat } from "../core/diff-stat.ts";
import { buildKeptRef } from "../core/kept-ref.ts";
import type { Outcome } from "../core/outcome.ts";
import { toOutcome } from "../core/outcome.ts";
import { toReason } from "../core/reason.ts";
import type { Reason } from "../core/reason.ts";
import type { Warning } from "../core/warning.ts";
import { toWorkerError, WorkerError } from "../core/worker-error.ts";
import type { ChangesReader } from "../git/read-changes.ts";
import type { Reservation } from "../git/reservation.ts";

export interface Published {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly branch: { readonly name: string; readonly head: string } | null;
  readonly stats: DiffStat;
  readonly warnings: readonly Warning[];
}

interface Work {
  readonly changes: Pick<ChangesReader, "read">;
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
  const { reservation, runId, result } = work;
  const signal = AbortSignal.timeout(patienceMs);
  const { base, name } = reservation.plan;
  const { commit } = result;
  if (commit === null) return releaseBranch(work, signal);
  const range = { base: base.sha, head: commit };
  // The statistics are of commits, so they need not wait for the branch, nor the branch for them.
  const [published, changes] = await Promise.all([
    settle(reservation.publish(commit, signal)),
    settle(work.changes.read(range, signal)),
  ]);
  const failed = published.error ?? changes.error;
  const branch = published.error === undefined ? { name, head: commit } : null;
  const known = { branch, ...(changes.value ?? { stats: emptyDiffStat, warnings: [] }) };
  const { outcome, reason } = result;
  if (failed === undefined) return { outcome, reason, ...known };
  const told = branch === null ? withKeptRef(failed, runId) : failed;
  if (outcome === "succeeded") return { outcome: toOutcome(told.code), reason: toReason(told), ...known };
  // Why the agent did not succeed says more than why its partial work has no branch.
  const warning = { code: told.code, message: `${told.message} ${told.hint}` };
  return { outcome, reason, ...known, warnings: [...known.warnings, warning] };
}

/** Nothing was changed: the branch that was reserved goes again. */
async function releaseBranch({ reservation, result }: Work, signal: AbortSignal): Promise<Published> {
  const nothing = { branch: null, stats: emptyDiffStat, warnings: [] };
  const { error } = await settle(reservation.release(signal));
  if (error !== undefined) return { outcome: toOutcome(error.code), reason: toReason(error), ...nothing };
  const outcome = result.outcome === "succeeded" ? "no_changes" : result.outcome;
  return { outcome, reason: result.reason, ...nothing };
}

type Settled<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: WorkerError };

async function settle<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: toWorkerError(error) };
  }
}

function withKeptRef(cause: WorkerError, runId: string): WorkerError {
  const kept = buildKeptRef(runId);
  const hint = `The work is kept: git log ${kept}, then git merge ${kept} or git branch <name> ${kept}`;
  return new WorkerError(cause.code, cause.message, { hint, cause });
}

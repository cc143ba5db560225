import { buildKeptRef } from "../core/kept-ref.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { BranchPlan } from "./branch.ts";
import { readCheckedOut } from "./branch-state.ts";
import type { Repository } from "./repository.ts";
import { readRef, updateRef } from "./update-ref.ts";

/** A branch that is ours to publish. It is either published or released. */
export interface Reservation {
  readonly plan: BranchPlan;
  /**
   * Moves the branch to `commit`, which the run's own ref has kept until then, if it still stands where it was left. Throws BRANCH_MOVED where it was moved, deleted or
   * checked out meanwhile; the branch is then as the others left it.
   */
  publish(commit: string, signal: AbortSignal): Promise<void>;
  /** Deletes the branch if it was created for this run and still stands at its base; else does nothing. */
  release(signal: AbortSignal): Promise<void>;
}

/** Creates the branch of a plan where it has to be created; undefined if another was quicker. */
export async function openReservation(
  repository: Repository,
  plan: BranchPlan,
  signal: AbortSignal,
): Promise<Reservation | undefined> {
  const { ref, base, request } = plan;
  const created = plan.expected === null;
  const reason = `agent-worker: run ${request.runId}`;
  // Not to be interrupted: nobody could say whether a git that was killed has made the branch or not.
  const uninterrupted = AbortSignal.timeout(patienceMs);
  const creation = { ref, from: null, to: base.sha, reason };
  if (created && !(await updateRef(repository, creation, uninterrupted))) return undefined;
  const reservation = adoptReservation(repository, plan);
  if (signal.aborted) await reservation.release(uninterrupted);
  signal.throwIfAborted();
  return reservation;
}

/** Takes up the reservation of an earlier process of the same run: its branch stands where that left it, or was moved by others. */
export function adoptReservation(repository: Repository, plan: BranchPlan): Reservation {
  const { ref, base, request } = plan;
  const created = plan.expected === null;
  const reason = `agent-worker: run ${request.runId}`;
  const from = plan.expected ?? base.sha;
  const dropping = buildKeptRef(request.runId);
  let isOurs = created;
  return {
    plan,
    async publish(commit, signal) {
      const when = refuseCheckedOut(repository, plan, signal);
      const moved = await updateRef(repository, { ref, from, to: commit, reason, dropping, when }, signal);
      isOurs &&= !moved;
      if (moved) return;
      throw toMovedError(plan, await readRef(repository, ref, signal));
    },
    async release(signal) {
      if (!isOurs) return;
      isOurs = false;
      const checkedOut = await readCheckedOut(repository, signal);
      if (checkedOut.has(plan.name)) return;
      await updateRef(repository, { ref, from, to: null, reason }, signal);
    },
  };
}

/** One ref is moved in milliseconds, unless somebody holds its lock. */
const patienceMs = 60_000;

async function refuseCheckedOut(repository: Repository, plan: BranchPlan, signal: AbortSignal): Promise<void> {
  const place = (await readCheckedOut(repository, signal)).get(plan.name);
  if (place === undefined) return;
  throw new WorkerError("BRANCH_MOVED", `The branch ${plan.name} was checked out in ${place} during the run.`);
}

function toMovedError(plan: BranchPlan, now: string | null): WorkerError {
  const what = now === null ? "was deleted" : `was moved to ${now.slice(0, 12)}`;
  return new WorkerError("BRANCH_MOVED", `The branch ${plan.name} ${what} during the run.`);
}

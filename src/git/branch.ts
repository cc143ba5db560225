import type { OnBranchExists } from "../core/runner.ts";
import { WorkerError } from "../core/worker-error.ts";
import { quoteForShell } from "../util/printable.ts";
import { checkBranchName } from "./branch-name.ts";
import { readBranchState } from "./branch-state.ts";
import type { BranchState } from "./branch-state.ts";
import type { Base, Repository } from "./repository.ts";
import { openReservation } from "./reservation.ts";
import type { Reservation } from "./reservation.ts";

export interface BranchRequest {
  readonly name: string;
  readonly onExists: OnBranchExists;
  /** May still be looked up while the branches are. */
  readonly base: Base | Promise<Base>;
  readonly runId: string;
}

/** What will be done with which branch; nothing is written yet. */
export interface BranchPlan {
  readonly name: string;
  /** `refs/heads/<name>` */
  readonly ref: string;
  /** What the run starts from: the requested base, or for `reuse` the head of the branch. */
  readonly base: Base;
  /** Where the branch stands now and must still stand when it is published; null: it does not exist. */
  readonly expected: string | null;
  readonly request: BranchRequest;
}

/** The tries of `suffix` before it gives up, and the lost races it takes part in again. */
const maxSuffix = 1_000;
const maxRaces = 50;

/**
 * Decides on the branch without writing. Throws BRANCH_NAME, BRANCH_PREFIX (`a` exists and `a/b` is asked, or the other
 * way round), BRANCH_EXISTS (policy `fail`), BRANCH_CHECKED_OUT (some work tree stands on it).
 */
export async function planBranch(
  repository: Repository,
  request: BranchRequest,
  signal: AbortSignal,
): Promise<BranchPlan> {
  const [state, requested] = await Promise.all([
    readBranchState(repository, request.name, signal),
    request.base,
    checkBranchName(repository, request.name, signal),
  ]);
  const name = request.onExists === "suffix" ? chooseFreeName(request.name, state) : request.name;
  refusePrefix(name, state);
  const ref = `refs/heads/${name}`;
  const expected = state.branches.get(name) ?? null;
  refuseCheckedOut(name, state, expected);
  if (expected === null) return { name, ref, base: requested, expected, request };
  if (request.onExists === "fail" || request.onExists === "suffix") throw toExistsError(name, expected);
  const base = request.onExists === "reuse" ? { ref, sha: expected } : requested;
  return { name, ref, base, expected, request };
}

/**
 * Creates the branch at its base where the plan says it does not exist: of several at once one wins, the others get
 * BRANCH_EXISTS or, with `suffix`, the next free name. A branch that exists is left alone until it is published.
 */
export async function reserveBranch(
  repository: Repository,
  plan: BranchPlan,
  signal: AbortSignal,
): Promise<Reservation> {
  let current = plan;
  for (let races = 0; ; races += 1) {
    const reservation = await openReservation(repository, current, signal);
    if (reservation !== undefined) return reservation;
    // Someone else was quicker; the plan says what that means now.
    const next = await planBranch(repository, plan.request, signal);
    if (next.expected !== plan.expected || races === maxRaces) throw toExistsError(next.name, next.expected);
    current = next;
  }
}

function chooseFreeName(wanted: string, state: BranchState): string {
  const isFree = (name: string): boolean => !state.branches.has(name) && !state.checkedOut.has(name);
  if (isFree(wanted)) return wanted;
  for (let number = 2; number <= maxSuffix; number += 1) {
    const name = `${wanted}-${number}`;
    if (isFree(name) && !state.parents.has(name)) return name;
  }
  throw new WorkerError("BRANCH_EXISTS", `The branches ${wanted} to ${wanted}-${maxSuffix} all exist.`, {
    hint: `Choose another name with --branch, or remove old ones: git branch -D ${wanted}-2`,
  });
}

function refusePrefix(name: string, state: BranchState): void {
  const parts = name.split("/");
  const prefixes = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
  const taken = prefixes.find((prefix) => state.branches.has(prefix)) ?? state.parents.get(name);
  if (taken === undefined) return;
  throw new WorkerError("BRANCH_PREFIX", `The branch ${name} cannot exist beside the branch ${taken}.`, {
    hint: `git keeps branches like files in folders. Choose another name with --branch, or rename ${taken}.`,
  });
}

function refuseCheckedOut(name: string, state: BranchState, expected: string | null): void {
  const place = state.checkedOut.get(name);
  if (place === undefined) return;
  const what = expected === null ? "is the branch that will be born" : "is checked out";
  throw new WorkerError("BRANCH_CHECKED_OUT", `The branch ${name} ${what} in ${place}.`, {
    hint: `Choose another name with --branch, or leave it there: git -C ${quoteForShell(place)} switch --detach`,
  });
}

function toExistsError(name: string, sha: string | null): WorkerError {
  const where = sha === null ? "" : ` (at ${sha.slice(0, 12)})`;
  return new WorkerError("BRANCH_EXISTS", `The branch ${name} already exists${where}.`, {
    hint: "Choose another name with --branch, or --on-branch-exists suffix, reuse or replace.",
  });
}

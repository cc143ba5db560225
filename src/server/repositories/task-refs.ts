import { buildKeptRef } from "../../core/kept-ref.ts";
import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { runGit } from "../../git/run-git.ts";
import type { GitPlace } from "../../git/run-git.ts";
import { buildTaskRef } from "../../protocol/identifiers.ts";
import { AttemptOverError } from "./repositories.ts";
import type { AttemptRefs } from "./repositories.ts";

/** Refs are moved in milliseconds, unless somebody holds a lock or the disk hangs. */
const patienceMs = 60_000;

/**
 * Says in git which attempt of a task counts: refs/attempts/<task>/<fence> stands at the attempt's base, and is needed to publish. Whoever
 * begins takes those of the attempts before, with what they had published before they were lost.
 */
export async function beginAttempt(place: GitPlace, attempt: AttemptRefs): Promise<void> {
  const { taskId, fence, base } = attempt;
  const own = buildAttemptRef(attempt);
  // The first attempt finds nothing, so it need not look.
  const found = fence === 1 ? new Map<string, string>() : await readRefs(place, listTaskRefs(taskId));
  refuseIfOver(found, attempt);
  const dropped = [...found].filter(([ref]) => ref !== own).map(toDeletion);
  const created = found.has(own) ? [] : [`create ${own}\0${base}\0`];
  if (await changeRefs(place, [...dropped, ...created])) return;
  refuseIfOver(await readRefs(place, listTaskRefs(taskId)), attempt);
  throw new WorkerError("BASE_NOT_FOUND", `There is no commit ${base} in the repository.`);
}

/** One transaction, refused by git itself where the attempt's own ref is gone. */
export async function publishAttempt(place: GitPlace, attempt: AttemptRefs, commit: string): Promise<void> {
  const own = buildAttemptRef(attempt);
  const result = buildTaskRef(attempt.taskId);
  const found = await readRefs(place, [...listTaskRefs(attempt.taskId), ...listRunRefs(attempt)]);
  if (found.get(own) !== attempt.base || found.has(result)) throw buildOverError(attempt);
  const dropped = [own, ...listRunRefs(attempt)].flatMap((ref) => {
    const at = found.get(ref);
    return at === undefined ? [] : [toDeletion([ref, at])];
  });
  if (await changeRefs(place, [`create ${result}\0${commit}\0`, ...dropped])) return;
  const now = await readRefs(place, listTaskRefs(attempt.taskId));
  if (now.get(own) !== attempt.base || now.has(result)) throw buildOverError(attempt);
  throw new WorkerError("GIT_FAILED", `The result ${commit} of task ${attempt.taskId} cannot be published.`);
}

/** The result stays where it was published: an attempt that has published has no ref of its own any more. */
export async function discardAttempt(place: GitPlace, attempt: Omit<AttemptRefs, "base">): Promise<void> {
  const found = await readRefs(place, [buildAttemptRef(attempt), ...listRunRefs(attempt)]);
  await changeRefs(place, [...found].map(toDeletion));
}

/** The result, and what attempts left that were lost. */
export async function dropTaskRefs(place: GitPlace, taskId: string): Promise<void> {
  const found = await readRefs(place, listTaskRefs(taskId));
  await changeRefs(place, [...found].map(toDeletion));
}

/** What a client has pushed makes its next push small; more than these help nobody. */
const keptInbox = 64;

/**
 * Drops the oldest bases that were pushed. No task that waits loses its base: objects stay, for nothing prunes them, and an attempt
 * holds its base with a ref of its own.
 */
export async function trimInbox(place: GitPlace): Promise<void> {
  const found = await readRefs(place, ["refs/inbox/"]);
  if (found.size <= keptInbox) return;
  await changeRefs(place, [...found].slice(keptInbox).map(toDeletion));
}

function buildAttemptRef({ taskId, fence }: Pick<AttemptRefs, "taskId" | "fence">): string {
  return `refs/attempts/${taskId}/${fence}`;
}

function listTaskRefs(taskId: string): readonly string[] {
  return [`refs/attempts/${taskId}/`, buildTaskRef(taskId)];
}

function listRunRefs({ branch, runId }: Pick<AttemptRefs, "branch" | "runId">): readonly string[] {
  return [buildKeptRef(runId), ...(branch === null ? [] : [`refs/heads/${branch}`])];
}

function refuseIfOver(found: ReadonlyMap<string, string>, attempt: AttemptRefs): void {
  const fences = [...found.keys()].flatMap((ref) => /^refs\/attempts\/[^/]+\/(\d+)$/.exec(ref)?.[1] ?? []);
  if (fences.some((fence) => Number(fence) > attempt.fence)) throw buildOverError(attempt);
}

function buildOverError({ taskId, fence }: AttemptRefs): AttemptOverError {
  return new AttemptOverError(`attempt ${fence} of task ${taskId} is over`);
}

/** Newest commits first. */
async function readRefs(place: GitPlace, patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const args = ["for-each-ref", "--sort=-committerdate", "--format=%(refname) %(objectname)", ...patterns];
  const { stdout } = await runGit(place, args, { signal: AbortSignal.timeout(patienceMs) });
  const lines = stdout.toString("utf8").split("\n").slice(0, -1);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

function toDeletion([ref, at]: readonly [string, string]): string {
  return `delete ${ref}\0${at}\0`;
}

/** All or nothing; false where git found a ref elsewhere than it was said to be. Not to be interrupted: nobody could say what was done. */
async function changeRefs(place: GitPlace, commands: readonly string[]): Promise<boolean> {
  if (commands.length === 0) return true;
  const args = ["update-ref", "--no-deref", "--stdin", "-z"];
  try {
    await runGit(place, args, { signal: AbortSignal.timeout(patienceMs), input: commands.join("") });
    return true;
  } catch (error) {
    if (toWorkerError(error).code === "GIT_FAILED") return false;
    throw error;
  }
}

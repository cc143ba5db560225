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
  await changeInTurn(place, async (tries) => {
    if (tries > 0) await requireBase(place, base);
    // The first attempt finds nothing, so it need not look.
    const isFirst = fence === 1 && tries === 0;
    const found = isFirst ? new Map<string, string>() : await readRefs(place, listTaskRefs(taskId));
    refuseIfOver(found, attempt);
    const dropped = [...found].filter(([ref]) => ref !== own).map(toDeletion);
    return found.has(own) ? dropped : [...dropped, `create ${own}\0${base}\0`];
  });
}

/** One transaction, refused by git itself where the attempt's own ref is gone. */
export async function publishAttempt(place: GitPlace, attempt: AttemptRefs, commit: string): Promise<void> {
  const own = buildAttemptRef(attempt);
  const result = buildTaskRef(attempt.taskId);
  await changeInTurn(place, async () => {
    const found = await readRefs(place, [...listTaskRefs(attempt.taskId), ...listRunRefs(attempt)]);
    // A git that did not answer in time may have done it all the same.
    if (!found.has(own) && found.get(result) === commit) return [];
    if (found.get(own) !== attempt.base || found.has(result)) throw buildOverError(attempt);
    const dropped = [own, ...listRunRefs(attempt)].flatMap((ref) => {
      const at = found.get(ref);
      return at === undefined ? [] : [toDeletion([ref, at])];
    });
    return [`create ${result}\0${commit}\0`, ...dropped];
  });
}

export async function retractResult(place: GitPlace, taskId: string, commit: string): Promise<void> {
  const result = buildTaskRef(taskId);
  await changeInTurn(place, async () =>
    (await readRefs(place, [result])).get(result) === commit ? [toDeletion([result, commit])] : [],
  );
}

/** The result stays where it was published: an attempt that has published has no ref of its own any more. */
export async function discardAttempt(place: GitPlace, attempt: Omit<AttemptRefs, "base">): Promise<void> {
  await dropRefs(place, [buildAttemptRef(attempt), ...listRunRefs(attempt)]);
}

/** The result, and what attempts left that were lost. */
export async function dropTaskRefs(place: GitPlace, taskId: string): Promise<void> {
  await dropRefs(place, listTaskRefs(taskId));
}

export async function dropRunRefs(place: GitPlace, run: Pick<AttemptRefs, "branch" | "runId">): Promise<void> {
  await dropRefs(place, listRunRefs(run));
}

/** What a client has pushed makes its next push small; more than these help nobody. */
const keptInbox = 64;

/**
 * Drops the oldest bases that were pushed. No task that waits loses its base: objects stay, for nothing prunes them, and an attempt
 * holds its base with a ref of its own.
 */
export async function trimInbox(place: GitPlace): Promise<void> {
  await changeInTurn(place, async () => [...(await readRefs(place, ["refs/inbox/"]))].slice(keptInbox).map(toDeletion));
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

async function dropRefs(place: GitPlace, patterns: readonly string[]): Promise<void> {
  await changeInTurn(place, async () => [...(await readRefs(place, patterns))].map(toDeletion));
}

const maxTries = 5;

/**
 * Changes refs, all or none. Where another attempt has changed one of them since they were read, nothing has happened, and what
 * there is now is looked up again.
 */
async function changeInTurn(place: GitPlace, plan: (tries: number) => Promise<readonly string[]>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const commands = await plan(tries);
    const failure = await changeRefs(place, commands);
    if (failure === null) return;
    if (failure.code !== "GIT_FAILED" || tries === maxTries) throw failure;
  }
}

async function requireBase(place: GitPlace, base: string): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const { exitCode } = await runGit(place, ["cat-file", "-e", `${base}^{commit}`], { signal, accept: [0, 1, 128] });
  if (exitCode !== 0) throw new WorkerError("BASE_NOT_FOUND", `There is no commit ${base} in the repository.`);
}

function toDeletion([ref, at]: readonly [string, string]): string {
  return `delete ${ref}\0${at}\0`;
}

/** Not to be interrupted: nobody could say what was done. */
async function changeRefs(place: GitPlace, commands: readonly string[]): Promise<WorkerError | null> {
  if (commands.length === 0) return null;
  const args = ["update-ref", "--no-deref", "--stdin", "-z"];
  try {
    await runGit(place, args, { signal: AbortSignal.timeout(patienceMs), input: commands.join("") });
    return null;
  } catch (error) {
    return toWorkerError(error);
  }
}

import { toWorkerError } from "../../core/worker-error.ts";
import type { TerminalState } from "../../protocol/task-state.ts";
import type { TaskEnding } from "../../store/tasks/task-store.ts";
import { AttemptOverError } from "../repositories/repositories.ts";
import type { AttemptRefs } from "../repositories/repositories.ts";
import type { Attempt } from "./attempt.ts";
import { toEnding, withUnpublished } from "./build-ending.ts";
import type { RunEnd } from "./build-ending.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { persist } from "./persist.ts";
import type { PublicWords } from "./public-words.ts";

/** What became of an attempt. */
export type AttemptEnd =
  | { readonly kind: "ended"; readonly end: RunEnd; readonly state: TerminalState }
  /** The server goes away. `counts`: the agent had worked, so the task's lease is over and the attempt with it. */
  | { readonly kind: "handed-back"; readonly counts: boolean }
  /** Somebody else has the task, or nobody could be told. */
  | { readonly kind: "lost" };

/** What an attempt has come to, before anybody is told. */
export interface Work {
  readonly end: RunEnd;
  readonly directory: string;
  /** null where nothing was begun there. */
  readonly refs: AttemptRefs | null;
  readonly isBegun: boolean;
  readonly words: PublicWords;
}

/** Publishes the result and then ends the task; both only while the claim is held. Takes away what the attempt left in git. */
export async function conclude(parts: DispatcherParts, attempt: Attempt, work: Work): Promise<AttemptEnd> {
  if (!(await attempt.settle())) {
    await tidy(parts, work);
    return { kind: "lost" };
  }
  if (attempt.signals.isHandedBack() && work.end.result.outcome === "cancelled") {
    await tidy(parts, work);
    return handBack(parts, attempt, work);
  }
  const { end, isKept } = await publish(parts, attempt, work);
  const concluded = await finish(parts, attempt, { ...work, end: work.words.end(end) });
  if (!isKept) await tidy(parts, work);
  return concluded;
}

async function tidy({ repositories, logger }: DispatcherParts, { directory, refs }: Work): Promise<void> {
  if (refs === null) return;
  await repositories.discard(directory, refs).catch((error: unknown) => {
    logger.warn({ taskId: refs.taskId, err: error }, "refs of an attempt were left behind");
  });
}

/** A result whose end nobody could be told is taken back. */
async function finish(parts: DispatcherParts, attempt: Attempt, work: Work): Promise<AttemptEnd> {
  const { signals, claim } = attempt;
  const { end, refs } = work;
  const ending = toEnding(end, { attempt: claim.attempt, base: refs?.base ?? null });
  // Before anybody is told: who reads of the end may continue it at once.
  if (!signals.over.aborted) await keepSession(parts, attempt);
  const stored = signals.over.aborted ? null : await attempt.write(() => parts.store.finish(claim, ending));
  if (stored !== null || (await isEndedSo(parts, attempt, ending))) return { kind: "ended", end, state: ending.state };
  if (end.result.commit !== null) await retract(parts, work, end.result.commit);
  return { kind: "lost" };
}

/** What a task has come to does not depend on it. */
async function keepSession({ sessions, logger }: DispatcherParts, { task, claim }: Attempt): Promise<void> {
  await sessions?.keep(task, claim).catch((error: unknown) => {
    logger.warn({ taskId: task.id, err: error }, "a conversation could not be kept");
  });
}

/** A store that failed may have stored the end all the same, and then answers that nobody has a claim any more. */
async function isEndedSo(
  { store }: DispatcherParts,
  { claim }: Attempt,
  { state, result }: TaskEnding,
): Promise<boolean> {
  const task = await store.read(claim.taskId).catch(() => null);
  return task !== null && task.state === state && task.commit === result.commit && task.fence === claim.fence;
}

async function retract(
  { repositories, logger }: DispatcherParts,
  { directory, refs }: Work,
  commit: string,
): Promise<void> {
  if (refs === null) return;
  await repositories.retract(directory, refs.taskId, commit).catch((error: unknown) => {
    logger.warn({ taskId: refs.taskId, err: error }, "the result of a lost attempt was left behind");
  });
}

/**
 * The server goes away before the task has ended. Where the agent has not started, nothing has happened: the task goes back as it
 * was. Where it has, money was spent and what it did is gone: the attempt was lost with the server, so its lease is given up
 * and whoever sweeps next says so (`attempt.lost`) and decides on another try as after any other loss.
 */
async function handBack({ store }: DispatcherParts, attempt: Attempt, { isBegun }: Work): Promise<AttemptEnd> {
  const { claim } = attempt;
  // Nothing may renew the lease that is given up here.
  await attempt[Symbol.asyncDispose]();
  if (isBegun) {
    const task = await attempt.write(() => store.renew(claim, 0));
    return task === null ? { kind: "lost" } : { kind: "handed-back", counts: true };
  }
  const isReleased = await attempt.write(async () => (await store.release(claim)) || null);
  return isReleased === null ? { kind: "lost" } : { kind: "handed-back", counts: false };
}

/** How long a full disk or a lock in the repository may keep a result from being published. */
const publishMs = 60_000;

/** `isKept`: the work could not be published, and its branch is all there is of it. */
async function publish(
  { repositories, logger }: DispatcherParts,
  attempt: Attempt,
  { end, directory, refs }: Work,
): Promise<{ readonly end: RunEnd; readonly isKept: boolean }> {
  const { signals, held, claim } = attempt;
  const { commit } = end.result;
  if (commit === null || refs === null) return { end, isKept: false };
  // The claim is looked at once more, and git itself refuses an attempt that a later one has followed.
  if ((await attempt.write(async () => (await held.renew()) || null)) === null) return { end, isKept: false };
  let failure: unknown;
  const onFailure = (error: unknown): void => {
    failure = error;
    logger.warn({ taskId: claim.taskId, err: error }, "a result could not be published");
  };
  const isDone = await persist(() => tryToPublish(() => repositories.publish(directory, refs, commit)), {
    giveUpMs: publishMs,
    signal: signals.over,
    onFailure,
  });
  if (isDone === "over") signals.lose();
  if (isDone === "over" || isDone === "published" || signals.over.aborted) return { end, isKept: false };
  return { end: withUnpublished(end, toWorkerError(isDone?.error ?? failure)), isKept: true };
}

type Publishing = "published" | "over" | { readonly error: unknown };

/** Throws where another try may help. */
async function tryToPublish(work: () => Promise<void>): Promise<Publishing> {
  try {
    await work();
    return "published";
  } catch (error) {
    if (error instanceof AttemptOverError) return "over";
    if (["DISK_FULL", "GIT_LOCKED"].includes(toWorkerError(error).code)) throw error;
    return { error };
  }
}

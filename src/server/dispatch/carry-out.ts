import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { AttemptOverError } from "../repositories/repositories.ts";
import type { AttemptRefs } from "../repositories/repositories.ts";
import { measureAge } from "../tell-end.ts";
import type { Attempt } from "./attempt.ts";
import { buildRefusedEnd } from "./build-ending.ts";
import type { RunEnd } from "./build-ending.ts";
import { buildTask } from "./build-task.ts";
import { conclude } from "./conclude.ts";
import type { AttemptEnd } from "./conclude.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { followRun, toResult } from "./follow-run.ts";
import type { FollowedRun } from "./follow-run.ts";
import { createPublicWords } from "./public-words.ts";
import type { PublicWords } from "./public-words.ts";

/** From a claim to what is stored of it. */
export async function carryOut(parts: DispatcherParts, attempt: Attempt): Promise<AttemptEnd> {
  const { task } = attempt;
  const { repository } = task.request;
  const directory = parts.repositories.locate(task.owner, repository);
  const words = createPublicWords(repository, { directory, dataDirectory: parts.settings.dataDirectory });
  const follow = followRun(attempt, {
    toPublic: (event) => words.event(event),
    onFirstEvent: (isWarm) => parts.metrics.firstEvent(measureAge(task.createdAt), isWarm),
  });
  const work: Workplace = { attempt, follow, words };
  const { end, refs } = await run(parts, work);
  const concluded = await conclude(parts, attempt, { end, directory, refs, isBegun: follow.isBegun(), words });
  if (concluded.kind === "ended" && refs !== null) {
    parts.warm?.taskEnded(directory, refs.base, buildTask(task, attempt.claim));
  }
  return concluded;
}

interface Workplace {
  readonly attempt: Attempt;
  readonly follow: FollowedRun;
  readonly words: PublicWords;
}

/** Whatever happens is an end. `refs` is null where the attempt has none. */
async function run(
  parts: DispatcherParts,
  { attempt, follow, words }: Workplace,
): Promise<{ readonly end: RunEnd; readonly refs: AttemptRefs | null }> {
  const { task, claim, signals } = attempt;
  let refs: AttemptRefs | null = null;
  try {
    const { directory, base } = await parts.repositories.prepare(task.owner, task.request.repository, signals.stop);
    refs = { taskId: task.id, fence: claim.fence, runId: claim.runId, base, branch: null };
    await parts.repositories.begin(directory, refs);
    const session = await parts.sessions?.find(task);
    const runner = await parts.runners(task.agent);
    signals.stop.throwIfAborted();
    const report = await runner(
      {
        task: buildTask(task, claim, session),
        repository: directory,
        base,
        branch: undefined,
        onBranchExists: "suffix",
        warnings: [],
      },
      { signal: signals.stop, killSignal: signals.kill, onEvent: follow.onEvent },
    );
    return { end: { report, result: toResult(report, follow.result()) }, refs: { ...refs, branch: follow.branch() } };
  } catch (error) {
    const end = refuse(attempt, error);
    const { reason } = words.end(end).result;
    if (reason !== null) await attempt.push({ ts: new Date().toISOString(), type: "error", data: reason });
    return { end, refs: refs === null ? null : { ...refs, branch: follow.branch() } };
  }
}

function refuse({ task, signals }: Attempt, thrown: unknown): RunEnd {
  if (thrown instanceof AttemptOverError) signals.lose();
  const error = signals.stop.aborted
    ? new WorkerError("CANCELLED", "The task was cancelled before its agent had started.", { cause: thrown })
    : toWorkerError(thrown);
  return buildRefusedEnd(task, error);
}

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { RemoteRun } from "../../core/remote-run.ts";
import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { pushCommit } from "../../git/push-commit.ts";
import { isRemoteHiccup } from "../../git/remote-repository.ts";
import { buildInboxRef } from "../../protocol/identifiers.ts";
import { saveRemote } from "./attempt.ts";
import type { Attempt, Delivered } from "./attempt.ts";
import { createBackoff, pause, retry } from "./backoff.ts";
import { findBreaker } from "./breaker.ts";
import { buildTaskRequest } from "./build-task-request.ts";
import { noteSynonyms } from "./follow-task.ts";
import type { HttpClient } from "./http-client.ts";
import { openRemoteRepository, persist } from "./remote-access.ts";
import type { Failure } from "./reply.ts";
import type { RemoteTask } from "./remote-task.ts";
import { hasCommit, submitTask } from "./task-api.ts";
import type { Result } from "./task-api.ts";

/**
 * Gives the task to a server: the least loaded that can be used. One that may have received it is asked again until it answers, with the same
 * key, and no other is asked: the task is carried out once. Throws why no server has it.
 */
export async function deliverTask(attempt: Attempt): Promise<Delivered> {
  const { context, task, settings } = attempt;
  const { signal, base } = context;
  const repositoryKey = await attempt.repositoryKey;
  const request = JSON.stringify(buildTaskRequest(task, { key: repositoryKey, base }));
  const idempotencyKey = randomUUID();
  const ranked = await attempt.ranked;
  const pauses = createBackoff(settings.patience.backoff);
  const endsAt = performance.now() + settings.patience.submitMs;
  for (;;) {
    let last: Failure | undefined;
    for (const client of ranked) {
      const url = client.endpoint.url;
      const run = {
        url,
        idempotencyKey,
        repositoryKey,
        base,
        taskId: null,
        sent: false,
        followed: true,
        epoch: null,
        settled: false,
      };
      await saveRemote(attempt, run, { request, isNeeded: true });
      const result = await handOver(attempt, { client, run, request });
      if (result.ok) return result;
      last = result;
      if (!isElsewherePossible(result)) throw result.error;
    }
    const pauseMs = pauses.next(last?.retryAfterMs);
    if (last === undefined || !last.retryable || performance.now() + pauseMs > endsAt) throw last?.error ?? noServer();
    await pause(pauseMs, signal);
  }
}

function noServer(): WorkerError {
  return new WorkerError("SERVER_URL_MISSING", "There is no task server.");
}

/** It is certain that this server has not taken the task, and another one, or this one later, may. */
function isElsewherePossible({ untouched, retryable }: Failure): boolean {
  return untouched && retryable;
}

export interface HandOver {
  readonly client: HttpClient;
  readonly run: RemoteRun;
  /** The body, as it was first sent. */
  readonly request: string;
}

/** The base, then the task. Answers a failure only where the server certainly has not taken the task. */
export async function handOver(
  attempt: Attempt,
  order: HandOver,
): Promise<({ readonly ok: true } & Delivered) | Failure> {
  const { client, run } = order;
  const breaker = findBreaker(client.endpoint.url, client.settings.patience.breakerMs);
  const missing = await bringBase(attempt, order, 1);
  if (missing !== null) return missing;
  let result = await submit(attempt, order);
  if (!result.ok && result.problem === "BASE_MISSING") {
    // It was there a moment ago; the server may have tidied up.
    const again = await bringBase(attempt, order, 2);
    result = again ?? (await submit(attempt, order));
  }
  if (!result.ok) {
    // A task that it refuses says nothing against the server.
    if (result.retryable) breaker.failed();
    return result;
  }
  breaker.succeeded();
  noteSynonyms(attempt.notes, result.value);
  const taken = { ...run, sent: true, taskId: result.value.id, epoch: result.value.epoch };
  await saveRemote(attempt, taken);
  return { ok: true, client, run: taken };
}

/**
 * Once the first byte is under way the task may be the server's: an interruption waits for the answer, so that the task can be
 * stopped, and only a second one does not.
 */
async function submit(attempt: Attempt, { client, run, request }: HandOver): Promise<Result<RemoteTask>> {
  const { context, settings } = attempt;
  context.signal.throwIfAborted();
  const signal = context.killSignal ?? new AbortController().signal;
  const { backoff, submitMs } = settings.patience;
  const send = () => submitTask(client, { body: request, idempotencyKey: run.idempotencyKey, signal });
  // From the first byte on it may be there, whatever becomes of this process.
  await saveRemote(attempt, { ...run, sent: true }, { isNeeded: true });
  const first = await send();
  if (!first.ok && (first.untouched || !first.retryable)) {
    await saveRemote(attempt, run);
    return first;
  }
  if (first.ok) return first;
  // It may have it: the same server, the same key, until it says so.
  const last = await retry(send, { backoff, limitMs: submitMs, signal });
  return last.ok ? last : { ...last, untouched: false };
}

/** null: the base is there. A failure leaves the server untouched: no task was spoken of. */
async function bringBase(attempt: Attempt, order: HandOver, count: number): Promise<Failure | null> {
  try {
    const failure = await pushMissing(attempt, order, count);
    return failure === null ? null : { ...failure, untouched: true };
  } catch (error) {
    if (!isRemoteHiccup(error)) throw error;
    return {
      ok: false,
      error: toWorkerError(error),
      status: null,
      problem: null,
      retryable: true,
      untouched: true,
      retryAfterMs: null,
    };
  }
}

async function pushMissing(attempt: Attempt, { client, run }: HandOver, count: number): Promise<Failure | null> {
  const { context } = attempt;
  const { signal, scratchDirectory } = context;
  const { repositoryKey: key, base: sha } = run;
  if (count === 1) {
    const there = await hasCommit(client, { key, sha, signal });
    if (!there.ok) return there;
    if (there.value) return null;
  }
  await attempt.emit({ type: "progress", data: { phase: "push", text: `sending the base to ${client.host}` } });
  // Tried more than once, it needs a new place each time.
  const place = join(scratchDirectory, `push-${randomUUID()}`);
  const remote = await openRemoteRepository(client, { key, directory: `${place}-trust` });
  const either = AbortSignal.any([signal, AbortSignal.timeout(client.settings.patience.transferMs)]);
  await persist(client, either, (time) =>
    pushCommit(
      context.repository,
      { remote, commit: sha, ref: buildInboxRef(sha), directory: `${place}-${time}` },
      either,
    ),
  );
  return null;
}

import { WorkerError } from "../../core/worker-error.ts";
import { isTerminal } from "../../protocol/task-state.ts";
import { pause } from "./backoff.ts";
import { createFollowing } from "./following.ts";
import type { Followed, Following, FollowRequest } from "./following.ts";
import type { HttpClient } from "./http-client.ts";
import type { Notes } from "./notes.ts";
import type { RemoteTask } from "./remote-task.ts";
import type { Failure } from "./reply.ts";
import { startOver, takeText } from "./take-text.ts";
import type { StreamEnd } from "./take-text.ts";
import { readTask } from "./task-api.ts";
import { followByPolling } from "./transports/poll.ts";
import type { StreamPart } from "./transports/transport.ts";

/** Streams that bring nothing, one after the other, before another way is taken; the last way is never left. */
const maxFruitless = 2;
/** An end that is told and cannot be read is believed after so many tries. */
const maxEndless = 3;
/** One answer may be that of another server behind the same address. */
const maxMissing = 2;
/**
 * Follows a task to its end, whatever becomes of connections: each event once, in order. The end of a stream is never the end of the task: that is
 * its `complete` event, or its state. Rejects with the signal's reason; throws SERVER_UNREACHABLE, SERVER_STREAM, SERVER_LOST_TASK, SERVER_KEY...
 */
export async function* followTask(client: HttpClient, request: FollowRequest): AsyncGenerator<Followed> {
  const following = createFollowing(client, request);
  for (;;) {
    request.signal.throwIfAborted();
    const before = following.cursor.after;
    const end = yield* readStream(following);
    if (end === "complete") return;
    if (following.cursor.after === before || end === "closed") {
      const task = await readState(following);
      if (task !== null) {
        yield { kind: "ended", task };
        return;
      }
    }
    chooseTransport(following);
    await pause(following.backoff.next(following.retryAfterMs), request.signal);
  }
}

/** One connection, until it ends or must be given up. */
async function* readStream(following: Following): AsyncGenerator<Followed, StreamEnd> {
  const { client, cursor, request, transports } = following;
  const [transport = followByPolling] = transports;
  const { after, epoch } = cursor;
  cursor.reconnect();
  following.heard = false;
  following.retryAfterMs = null;
  const place = { taskId: request.taskId, after, epoch, signal: request.signal };
  for await (const part of transport(client, place)) {
    if (part.kind !== "text") {
      endStream(following, part);
      if (part.kind === "resync") yield* startOver(following);
      return part.kind;
    }
    following.lastContact = performance.now();
    following.heard = true;
    const end = yield* takeText(following, part);
    if (end !== null) return end;
  }
  return "broken";
}

function endStream(following: Following, part: StreamPart): void {
  if (part.kind === "closed" || part.kind === "resync") following.lastContact = performance.now();
  if (part.kind === "refused") following.retryAfterMs = part.failure.retryAfterMs;
  if (part.kind !== "oversize") return;
  following.oversizes += 1;
  // Each way has had its chance.
  if (following.oversizes <= following.transports.length) return;
  following.oversizes = 0;
  following.cursor.skip();
  following.told = Math.max(following.told, following.cursor.after);
  const message = "An event of the server was too large to be read and was left out.";
  following.request.notes.add({ code: "SERVER_EVENT_DROPPED", message });
}

/**
 * The truth, where a stream brought nothing: null while the task goes on, or as long as its last events may still be read.
 * Throws what no patience mends.
 */
async function readState(following: Following): Promise<RemoteTask | null> {
  const { client, request, cursor } = following;
  const result = await readTask(client, request.taskId, request.signal);
  if (!result.ok) {
    takeFailure(following, result);
    return null;
  }
  following.missing = 0;
  following.lastContact = performance.now();
  if (!following.heard) following.fruitless += 1;
  const task = result.value;
  noteSynonyms(request.notes, task);
  if (!isTerminal(task.state)) return null;
  following.endless += 1;
  const isAll = task.lastSeq !== null && cursor.after >= task.lastSeq;
  return isAll || following.endless >= maxEndless ? task : null;
}

function takeFailure(following: Following, { error, status, retryable, retryAfterMs }: Failure): void {
  const { unreachableMs } = following.client.settings.patience;
  following.missing = status === 404 ? following.missing + 1 : 0;
  if (following.missing >= maxMissing) throw toLostError(error);
  if (!retryable && following.missing === 0) throw error;
  if (performance.now() - following.lastContact > unreachableMs) throw error;
  following.retryAfterMs = retryAfterMs;
  // Nobody was there: it says nothing about the way.
  following.fruitless = 0;
}

function chooseTransport(following: Following): void {
  if (following.heard) following.fruitless = 0;
  if (following.fruitless < maxFruitless || following.transports.length === 1) return;
  following.fruitless = 0;
  following.transports.shift();
}

export function noteSynonyms(notes: Notes, { synonyms }: RemoteTask): void {
  if (synonyms.length === 0) return;
  const message = `The server speaks a dialect (${synonyms.join(", ")}); it was understood.`;
  notes.add({ code: "SERVER_DIALECT", message });
}

function toLostError(cause: WorkerError): WorkerError {
  return new WorkerError("SERVER_LOST_TASK", `The server does not know the task any more. ${cause.message}`, { cause });
}

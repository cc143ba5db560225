import { maxEventBytes } from "../../../core/cut-event.ts";
import { WorkerError } from "../../../core/worker-error.ts";
import { digestEvent } from "../../../protocol/task-event.ts";
import type { Claim, NewEvent } from "../task-store.ts";
import type { TaskCore } from "./task-row.ts";
import { readClaimed, updateTask } from "./task-row.ts";
import type { Writing } from "./write-queue.ts";

/** Null: the claim is lost. Throws where an event is larger than the protocol allows: callers cut (core/cut-event.ts). */
export function appendEvents(writing: Writing, claim: Claim, events: readonly NewEvent[]): number | null {
  if (events.some(({ type }) => type === "complete")) {
    throw new WorkerError("INTERNAL", "A task's `complete` event is written with its end only.");
  }
  const task = readClaimed(writing.database, claim);
  return task === null ? null : writeEvents(writing, task, events).lastSeq;
}

/** Writes the texts, and the last seq and the digest in the task's row. Answers the task as it is then. */
export function writeEvents(writing: Writing, task: TaskCore, events: readonly NewEvent[]): TaskCore {
  if (events.length === 0) return task;
  const { database } = writing;
  const { number } = task;
  let { lastSeq, digest } = task;
  for (const event of events) {
    lastSeq += 1;
    const text = formatEvent(writing.epoch, task, { ...event, seq: lastSeq });
    database.run("INSERT INTO events (task, seq, text) VALUES (:number, :lastSeq, :text)", { number, lastSeq, text });
    digest = digestEvent(digest, text);
  }
  updateTask(database, "lastSeq = :lastSeq, digest = :digest", { number, lastSeq, digest });
  writing.touch(task.id);
  return { ...task, lastSeq, digest };
}

/** The one place where the text of an event is made: what is stored, digested and sent. */
function formatEvent(epoch: string, task: TaskCore, event: NewEvent & { readonly seq: number }): string {
  const { seq, ts, type, data } = event;
  // A task that never ran has no run; its own id has the same form.
  const runId = task.runId ?? task.id;
  const text = JSON.stringify({ v: 1, runId, taskId: task.id, epoch, attempt: task.attempt, seq, ts, type, data });
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxEventBytes) return text;
  throw new WorkerError(
    "INTERNAL",
    `An event of type ${type} has ${bytes} bytes; at most ${maxEventBytes} are allowed.`,
  );
}

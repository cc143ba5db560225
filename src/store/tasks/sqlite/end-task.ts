import { buildEmptyResult } from "../../../core/build-empty-result.ts";
import { WorkerError } from "../../../core/worker-error.ts";
import type { StreamEnd } from "../../../protocol/task-event.ts";
import type { TerminalState } from "../../../protocol/task-state.ts";
import type { Claim, StoredTask, TaskEnding } from "../task-store.ts";
import { checkStep, readClaimed, rereadTask, toTimestamp, updateTask } from "./task-row.ts";
import type { TaskCore } from "./task-row.ts";
import { writeEvents } from "./write-events.ts";
import type { Writing } from "./write-queue.ts";

export function finishTask(writing: Writing, claim: Claim, ending: TaskEnding): StoredTask | null {
  const task = readClaimed(writing.database, claim);
  return task === null ? null : endTask(writing, task, ending);
}

export function cancelTask(writing: Writing, task: TaskCore): StoredTask {
  return endEmpty(writing, task, {
    state: "cancelled",
    error: new WorkerError("CANCELLED", "The task was cancelled."),
  });
}

export function loseTask(writing: Writing, task: TaskCore): StoredTask {
  const message = `The server lost attempt ${task.attempt} with its process or machine.`;
  return endEmpty(writing, task, { state: "lost", error: new WorkerError("TASK_LOST", message) });
}

/** The end of a task that nobody carries out, so that there is nothing to report. */
function endEmpty(
  writing: Writing,
  task: TaskCore,
  { state, error }: { readonly state: TerminalState; readonly error: WorkerError },
): StoredTask {
  const result = buildEmptyResult(error, task.agent);
  return endTask(writing, task, { state, result, base: null, report: null, ts: toTimestamp(writing.now) });
}

/** The terminal state, the report and the `complete` event. */
function endTask(writing: Writing, task: TaskCore, { state, result, base, report, ts }: TaskEnding): StoredTask {
  const { database, epoch, now } = writing;
  const { number } = task;
  checkStep(task.state, state);
  const end: StreamEnd = { eventCount: task.lastSeq, eventDigest: task.digest };
  writeEvents(writing, task, [{ ts, type: "complete", data: { ...result, ...end } }]);
  const reason = result.reason === null ? null : JSON.stringify(result.reason);
  updateTask(
    database,
    `state = :state, outcome = :outcome, reason = :reason, base = coalesce(:base, base), commitId = :commit, hasReport = :hasReport,
     leaseUntil = NULL, endedAt = :endedAt`,
    {
      number,
      state,
      outcome: result.outcome,
      reason,
      base,
      commit: result.commit,
      hasReport: report === null ? 0 : 1,
      endedAt: toTimestamp(now),
    },
  );
  if (report !== null) database.run("INSERT INTO reports VALUES (:number, :report)", { number, report });
  return rereadTask(database, task.id, epoch);
}

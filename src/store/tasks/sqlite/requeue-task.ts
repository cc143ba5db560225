import { maxAttempts } from "../task-store.ts";
import type { Claim, StoredTask } from "../task-store.ts";
import { cancelTask, loseTask } from "./end-task.ts";
import { checkStep, readClaimed, readCore, rereadTask, toTimestamp, updateTask } from "./task-row.ts";
import type { TaskCore } from "./task-row.ts";
import { writeEvents } from "./write-events.ts";
import type { Writing } from "./write-queue.ts";

/** One that is being cancelled is not handed back: it has ended. */
export function releaseTask(writing: Writing, claim: Claim): boolean {
  const task = readClaimed(writing.database, claim);
  if (task === null) return false;
  if (task.state === "cancelling") cancelTask(writing, task);
  else requeueTask(writing, task, task.attempt - 1);
  return true;
}

/** Ends or requeues the tasks whose lease was over before `before`, in milliseconds since 1970. */
export function sweepTasks(writing: Writing, before: number): readonly StoredTask[] {
  const rows = writing.database.all("SELECT id FROM tasks WHERE leaseUntil < :before ORDER BY leaseUntil", { before });
  return rows.flatMap(({ id }) => {
    const task = readCore(writing.database, String(id));
    return task === null ? [] : [sweepTask(writing, task)];
  });
}

function sweepTask(writing: Writing, task: TaskCore): StoredTask {
  if (task.state === "cancelling") return cancelTask(writing, task);
  const { database, epoch } = writing;
  const { request } = rereadTask(database, task.id, epoch);
  if (task.attempt >= maxAttempts || request.onLost === "fail") return loseTask(writing, task);
  const data = { attempt: task.attempt, attemptsLeft: maxAttempts - task.attempt };
  const told = writeEvents(writing, task, [{ ts: toTimestamp(writing.now), type: "attempt.lost", data }]);
  requeueTask(writing, told, task.attempt);
  return rereadTask(database, task.id, epoch);
}

/** The fence moves on, so that nothing of the attempt is written any more. */
function requeueTask(writing: Writing, task: TaskCore, attempt: number): void {
  checkStep(task.state, "queued");
  updateTask(
    writing.database,
    `state = 'queued', fence = fence + 1, leaseUntil = NULL, attempt = :attempt,
     startedAt = CASE WHEN :attempt = 0 THEN NULL ELSE startedAt END`,
    { number: task.number, attempt },
  );
  writing.touch(task.id);
  writing.wake();
}

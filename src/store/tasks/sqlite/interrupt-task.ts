import type { InterruptMode } from "../../../protocol/task-resource.ts";
import { isTerminal } from "../../../protocol/task-state.ts";
import type { StoredTask } from "../task-store.ts";
import { cancelTask } from "./end-task.ts";
import { checkStep, readCore, rereadTask, updateTask } from "./task-row.ts";
import type { TaskCore } from "./task-row.ts";
import type { Writing } from "./write-queue.ts";

export interface Interrupted {
  readonly task: StoredTask;
  readonly changed: boolean;
}

export function interruptTask(writing: Writing, id: string, mode: InterruptMode): Interrupted | null {
  const { database, epoch } = writing;
  const task = readCore(database, id);
  if (task === null) return null;
  const changed = stopTask(writing, task, mode);
  return { task: rereadTask(database, id, epoch), changed };
}

function stopTask(writing: Writing, task: TaskCore, mode: InterruptMode): boolean {
  const { database } = writing;
  const { number } = task;
  if (isTerminal(task.state)) return false;
  if (task.state === "queued") {
    updateTask(database, "interrupt = :mode", { number, mode });
    cancelTask(writing, task);
    return true;
  }
  const isStopping = task.state === "cancelling";
  // From graceful to force, and never back.
  if (isStopping && (mode === "graceful" || task.interrupt === "force")) return false;
  if (!isStopping) checkStep(task.state, "cancelling");
  updateTask(database, "state = 'cancelling', interrupt = :mode", { number, mode });
  writing.touch(task.id);
  return !isStopping;
}

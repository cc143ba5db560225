import { emptyUsage } from "../core/empty.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { StoredTask } from "../store/tasks/task-store.ts";

/** Tells the metrics of a task that ended in the store and not with an attempt: cancelled while it waited, or lost. */
export function tellEnd(metrics: Pick<Metrics, "taskEnded">, task: StoredTask): void {
  const { state, outcome, reason, createdAt } = task;
  if (outcome === null) return;
  metrics.taskEnded({ state, outcome, code: reason?.code ?? null, ms: measureAge(createdAt), usage: emptyUsage });
}

/** Milliseconds since then; the clock may have been set back. */
export function measureAge(timestamp: string): number {
  return Math.max(0, Date.now() - Date.parse(timestamp));
}

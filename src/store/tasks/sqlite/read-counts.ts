import { isTerminal, taskStateSchema } from "../../../protocol/task-state.ts";
import type { TaskState } from "../../../protocol/task-state.ts";
import type { TaskCounts } from "../task-store.ts";
import type { Database } from "./database.ts";

/** Reads one row per state and owner, however many tasks there are. */
export function readCounts(database: Database, owner: string | undefined): TaskCounts {
  const byState: Record<TaskState, number> = {
    queued: 0,
    preparing: 0,
    running: 0,
    finalizing: 0,
    cancelling: 0,
    succeeded: 0,
    no_changes: 0,
    failed: 0,
    limited: 0,
    timed_out: 0,
    cancelled: 0,
    lost: 0,
  };
  let active = 0;
  const rows = database.all(
    "SELECT state, sum(count) AS count FROM counts WHERE :owner IS NULL OR owner = :owner GROUP BY state",
    { owner: owner ?? null },
  );
  for (const row of rows) {
    const state = taskStateSchema.parse(row["state"]);
    byState[state] = Number(row["count"]);
    if (state !== "queued" && !isTerminal(state)) active += byState[state];
  }
  return { queued: byState.queued, active, byState };
}

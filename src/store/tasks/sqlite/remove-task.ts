import { isTerminal } from "../../../protocol/task-state.ts";
import type { Database } from "./database.ts";
import type { Epoch } from "./epoch.ts";
import { readCore } from "./task-row.ts";
import type { Writing } from "./write-queue.ts";

/** What belongs to the task goes with it (ON DELETE CASCADE). */
export function removeTask(writing: Writing, id: string, epoch: Epoch): boolean {
  const { database } = writing;
  const task = readCore(database, id);
  if (task === null || !isTerminal(task.state)) return false;
  epoch.forget(id);
  writing.touch(id);
  return database.run("DELETE FROM tasks WHERE number = :number", { number: task.number }) > 0;
}

/** Every claim has noted its own. */
export function listRuns(database: Database, id: string): readonly string[] {
  const rows = database.all("SELECT runs.id FROM runs JOIN tasks ON number = task WHERE tasks.id = :id", { id });
  return rows.map((row) => String(row["id"]));
}

export function readReport(database: Database, id: string): string | null {
  const row = database.get("SELECT reports.text FROM reports JOIN tasks ON number = task WHERE id = :id", { id });
  return row === undefined ? null : String(row["text"]);
}

import { isTerminal, taskStateSchema } from "../../../protocol/task-state.ts";
import type { Expired } from "../task-store.ts";
import type { Database } from "./database.ts";
import { toSession } from "./sessions.ts";
import { selectTask, toStoredTask, toTimestamp } from "./task-row.ts";

const most = 100;
const unfinished = taskStateSchema.options
  .filter((state) => !isTerminal(state))
  .map((state) => `'${state}'`)
  .join(", ");

export function listExpired(database: Database, before: number, epoch: string): Expired {
  const values = { before: toTimestamp(before), most };
  const tasks = database.all(`${selectTask} WHERE endedAt < :before ORDER BY endedAt LIMIT :most`, values);
  const sessions = database.all(
    `SELECT text FROM sessions WHERE updatedAt < :before AND NOT EXISTS (
       SELECT 1 FROM tasks JOIN requests ON task = number
       WHERE tasks.owner = sessions.owner AND state IN (${unfinished})
         AND json_extract(requests.text, '$.session') = sessions.id)
     ORDER BY updatedAt LIMIT :most`,
    values,
  );
  return { tasks: tasks.map((row) => toStoredTask(row, epoch)), sessions: sessions.map(toSession) };
}

import { z } from "zod";
import { WorkerError } from "../../../core/worker-error.ts";
import { taskRequestSchema } from "../../../protocol/task-request.ts";
import { taskResourceSchema } from "../../../protocol/task-resource.ts";
import { isTerminal, taskStateSchema, transitions } from "../../../protocol/task-state.ts";
import type { TaskState } from "../../../protocol/task-state.ts";
import { parseJson } from "../../../util/parse-json.ts";
import type { Claim, StoredTask } from "../task-store.ts";
import type { Database, Row, Values } from "./database.ts";

export const selectTask = "SELECT tasks.*, requests.text AS request FROM tasks JOIN requests ON task = number";

const storedTaskSchema = taskResourceSchema.extend({
  owner: z.string(),
  request: taskRequestSchema,
  fence: z.number().int().nonnegative(),
  leaseUntil: z.number().int().nullable(),
  interrupt: z.enum(["graceful", "force"]).nullable(),
  hasReport: z.boolean(),
});

/** The part of a row that writing needs. */
const taskCoreSchema = z.object({
  number: z.number(),
  id: z.string(),
  owner: z.string(),
  agent: z.string(),
  state: taskStateSchema,
  fence: z.number(),
  attempt: z.number(),
  runId: z.string().nullable(),
  lastSeq: z.number(),
  digest: z.string(),
  interrupt: z.string().nullable(),
});
export type TaskCore = z.infer<typeof taskCoreSchema>;

const selectCore =
  "SELECT number, id, owner, agent, state, fence, attempt, runId, lastSeq, digest, interrupt FROM tasks";

/** `row` comes from `selectTask`. Throws where it is not a task. */
export function toStoredTask(row: Row, epoch: string): StoredTask {
  const request = taskRequestSchema.parse(parseJson(String(row["request"])));
  return storedTaskSchema.parse({
    ...row,
    epoch,
    request,
    repository: request.repository,
    model: request.model ?? null,
    session: request.session ?? null,
    labels: request.labels ?? {},
    reason: typeof row["reason"] === "string" ? parseJson(row["reason"]) : null,
    commit: row["commitId"],
    hasReport: row["hasReport"] === 1,
  });
}

export function readTask(database: Database, id: string, epoch: string): StoredTask | null {
  const row = database.get(`${selectTask} WHERE id = :id`, { id });
  return row === undefined ? null : toStoredTask(row, epoch);
}

/** A task that is known to be there. */
export function rereadTask(database: Database, id: string, epoch: string): StoredTask {
  const task = readTask(database, id, epoch);
  if (task === null) throw new WorkerError("INTERNAL", `Task ${id} is gone within a transaction.`);
  return task;
}

export function readCore(database: Database, id: string): TaskCore | null {
  const row = database.get(`${selectCore} WHERE id = :id`, { id });
  return row === undefined ? null : taskCoreSchema.parse(row);
}

/** The task of a claim that is still the current one, else null. A lease that ran out counts until the fence has moved. */
export function readClaimed(database: Database, claim: Claim): TaskCore | null {
  const task = readCore(database, claim.taskId);
  if (task === null || task.fence !== claim.fence || task.state === "queued" || isTerminal(task.state)) return null;
  return task;
}

/** Throws where the table of transitions does not know the step. */
export function checkStep(from: TaskState, to: TaskState): void {
  if (transitions[from].includes(to)) return;
  throw new WorkerError("INTERNAL", `No task goes from ${from} to ${to}.`);
}

/** Sets columns of a task, and its revision. `assignments` is SQL of ours: `state = :state`. */
export function updateTask(
  database: Database,
  assignments: string,
  values: Values & { readonly number: number },
): void {
  database.run(`UPDATE tasks SET revision = revision + 1, ${assignments} WHERE number = :number`, values);
}

export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}

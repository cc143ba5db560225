import type { SQLInputValue } from "node:sqlite";
import { WorkerError } from "../../../core/worker-error.ts";
import type { StoredTask, TaskQuery } from "../task-store.ts";
import type { Database, Values } from "./database.ts";
import { selectTask, toStoredTask } from "./task-row.ts";

export interface TaskList {
  readonly tasks: readonly StoredTask[];
  readonly nextCursor: string | null;
}

/** Pages by the order of creation: what is added or removed meanwhile moves nothing from one page to another. */
export function listTasks(database: Database, query: TaskQuery, epoch: string): TaskList {
  const { owner, states, labels, parent, limit, cursor } = query;
  const values: Record<string, SQLInputValue> = { owner, limit: limit + 1 };
  const conditions = ["tasks.owner = :owner"];
  const add = (condition: string, more: Values): void => {
    conditions.push(condition);
    Object.assign(values, more);
  };
  if (cursor !== undefined) add("tasks.number < :before", { before: parseCursor(cursor) });
  if (states.length > 0)
    add("tasks.state IN (SELECT value FROM json_each(:states))", { states: JSON.stringify(states) });
  if (parent !== undefined) add("tasks.parent = :parent", { parent });
  for (const [index, label] of labels.entries()) add(...buildLabelCondition(label, index));
  const rows = database.all(
    `${selectTask} WHERE ${conditions.join(" AND ")} ORDER BY tasks.number DESC LIMIT :limit`,
    values,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1)?.["number"];
  return {
    tasks: page.map((row) => toStoredTask(row, epoch)),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(Number(last)) : null,
  };
}

/** One text for both forms, so that there are few statements to compile and keep. */
function buildLabelCondition(label: string, index: number): [string, Values] {
  const [name = "", ...rest] = label.split("=");
  const [nameKey, valueKey] = [`name${index}`, `value${index}`];
  return [
    `tasks.number IN (
       SELECT task FROM labels WHERE name = :${nameKey} AND (:${valueKey} IS NULL OR value = :${valueKey}))`,
    { [nameKey]: name, [valueKey]: rest.length === 0 ? null : rest.join("=") },
  ];
}

function formatCursor(number: number): string {
  return Buffer.from(`n${number}`).toString("base64url");
}

function parseCursor(cursor: string): number {
  const digits = /^n(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  if (digits !== undefined) return Number(digits);
  throw new WorkerError("USAGE", "The cursor is none that a page of tasks gave.");
}

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
  const { limit } = query;
  const numbers = findNumbers(database, query);
  const page = numbers.slice(0, limit);
  const last = page.at(-1);
  return {
    tasks: page.flatMap((number) => {
      const row = database.get(`${selectTask} WHERE number = :number`, { number });
      return row === undefined ? [] : [toStoredTask(row, epoch)];
    }),
    nextCursor: numbers.length > limit && last !== undefined ? formatCursor(last) : null,
  };
}

/** One more than fit on the page, newest first. Each state is asked for on its own, since each has its own order in the index. */
function findNumbers(database: Database, query: TaskQuery): readonly number[] {
  const { sql, values } = buildCondition(query);
  const select = (more: string): string =>
    `SELECT number FROM tasks WHERE ${sql}${more} ORDER BY number DESC LIMIT :limit`;
  const limit = query.limit + 1;
  const rows =
    query.states.length === 0
      ? database.all(select(""), { ...values, limit })
      : [...new Set(query.states)].flatMap((state) =>
          database.all(select(" AND state = :state"), { ...values, state, limit }),
        );
  return rows
    .map((row) => Number(row["number"]))
    .sort((one, other) => other - one)
    .slice(0, limit);
}

function buildCondition({ owner, labels, parent, cursor }: TaskQuery): { sql: string; values: Values } {
  const parts: [string, Values][] = [["owner = :owner", { owner }]];
  if (cursor !== undefined) parts.push(["number < :before", { before: parseCursor(cursor) }]);
  if (parent !== undefined) parts.push(["parent = :parent", { parent }]);
  parts.push(...labels.map(buildLabelCondition));
  const values: Values = Object.assign({}, ...parts.map(([, more]) => more));
  return { sql: parts.map(([sql]) => sql).join(" AND "), values };
}

/**
 * One text for both forms, so that there are few statements to compile and keep. The first label is looked up, the others are looked for
 * at the tasks that have it: SQLite would try each of thousands against each where all of them were lists.
 */
function buildLabelCondition(label: string, index: number): [string, Values] {
  const [name = "", ...rest] = label.split("=");
  const [nameKey, valueKey] = [`name${index}`, `value${index}`];
  const sql = `name = :${nameKey} AND (:${valueKey} IS NULL OR value = :${valueKey})`;
  return [
    index === 0
      ? `number IN (SELECT task FROM labels WHERE ${sql})`
      : `EXISTS (SELECT 1 FROM labels WHERE task = tasks.number AND ${sql})`,
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

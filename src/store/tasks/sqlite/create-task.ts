import { createUlid } from "../../../util/ulid.ts";
import type { CreateResult, NewTask } from "../task-store.ts";
import type { Database } from "./database.ts";
import { rereadTask, toTimestamp } from "./task-row.ts";
import type { Writing } from "./write-queue.ts";

/** A replay is answered even where the queue is full: nothing is added. */
export function createTask(writing: Writing, task: NewTask): CreateResult {
  return findReplay(writing, task) ?? findFull(writing.database, task) ?? insertTask(writing, task);
}

function findReplay({ database, epoch }: Writing, task: NewTask): CreateResult | null {
  const { owner, idempotencyKey, bodyHash } = task;
  if (idempotencyKey === undefined) return null;
  const row = database.get("SELECT id, bodyHash FROM tasks WHERE owner = :owner AND idempotencyKey = :idempotencyKey", {
    owner,
    idempotencyKey,
  });
  if (row === undefined) return null;
  if (row["bodyHash"] !== bodyHash) return { kind: "mismatch" };
  return { kind: "replayed", task: rereadTask(database, String(row["id"]), epoch) };
}

function findFull(database: Database, { owner, queueLimit, ownerLimit }: NewTask): CreateResult | null {
  const row = database.get(
    `SELECT total(count) AS everybody, total(count) FILTER (WHERE owner = :owner) AS own
     FROM counts WHERE state = 'queued'`,
    { owner },
  );
  if (Number(row?.["everybody"]) >= queueLimit) return { kind: "full", scope: "all" };
  return Number(row?.["own"]) >= ownerLimit ? { kind: "full", scope: "owner" } : null;
}

function insertTask(writing: Writing, task: NewTask): CreateResult {
  const { database, epoch, now } = writing;
  const { owner, request, title, agent, idempotencyKey, bodyHash } = task;
  const id = createUlid(now);
  database.run(
    `INSERT INTO tasks (id, owner, state, revision, title, agent, parent, attempt, lastSeq, digest, fence, hasReport,
       idempotencyKey, bodyHash, createdAt)
     VALUES (:id, :owner, 'queued', 1, :title, :agent, :parent, 0, 0, '', 0, 0, :idempotencyKey, :bodyHash, :createdAt)`,
    {
      id,
      owner,
      title,
      agent,
      parent: request.parent ?? null,
      idempotencyKey: idempotencyKey ?? null,
      bodyHash,
      createdAt: toTimestamp(now),
    },
  );
  database.run("INSERT INTO requests SELECT number, :text FROM tasks WHERE id = :id", {
    id,
    text: JSON.stringify(request),
  });
  for (const [name, value] of Object.entries(request.labels ?? {})) {
    database.run("INSERT INTO labels SELECT number, :name, :value FROM tasks WHERE id = :id", { id, name, value });
  }
  writing.wake();
  return { kind: "created", task: rereadTask(database, id, epoch) };
}

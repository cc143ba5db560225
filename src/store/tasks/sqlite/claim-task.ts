import { WorkerError } from "../../../core/worker-error.ts";
import { isTerminal } from "../../../protocol/task-state.ts";
import type { TaskState } from "../../../protocol/task-state.ts";
import type { Claim, StoredTask } from "../task-store.ts";
import { checkStep, readClaimed, readCore, rereadTask, toTimestamp, updateTask } from "./task-row.ts";
import type { TaskCore } from "./task-row.ts";
import type { Writing } from "./write-queue.ts";

export interface ClaimOptions {
  readonly leaseMs: number;
  readonly runId: string;
}

export interface Claimed {
  readonly task: StoredTask;
  readonly claim: Claim;
}

export function claimTask(writing: Writing, { leaseMs, runId }: ClaimOptions): Claimed | null {
  const { database, epoch, now } = writing;
  const next = findNext(writing);
  if (next === null) return null;
  checkStep(next.state, "preparing");
  const fence = next.fence + 1;
  const attempt = next.attempt + 1;
  updateTask(
    database,
    `state = 'preparing', fence = :fence, attempt = :attempt, runId = :runId, leaseUntil = :leaseUntil,
     startedAt = coalesce(startedAt, :startedAt)`,
    { number: next.number, fence, attempt, runId, leaseUntil: now + leaseMs, startedAt: toTimestamp(now) },
  );
  database.run("INSERT INTO runs VALUES (:number, :runId) ON CONFLICT DO NOTHING", { number: next.number, runId });
  database.run(
    `INSERT INTO owners SELECT :owner, coalesce(max(served), 0) + 1 FROM owners WHERE true
     ON CONFLICT DO UPDATE SET served = excluded.served`,
    { owner: next.owner },
  );
  writing.touch(next.id);
  return { task: rereadTask(database, next.id, epoch), claim: { taskId: next.id, fence, attempt, runId } };
}

/** The oldest queued task of the owner who was served longest ago. */
function findNext({ database }: Writing): TaskCore | null {
  const owner = database.get(
    `SELECT counts.owner FROM counts LEFT JOIN owners ON name = counts.owner
     WHERE state = 'queued' AND count > 0 ORDER BY coalesce(served, 0), counts.owner LIMIT 1`,
  )?.["owner"];
  if (owner === undefined) return null;
  const row = database.get("SELECT id FROM tasks WHERE owner = :owner AND state = 'queued' ORDER BY number LIMIT 1", {
    owner,
  });
  return row === undefined ? null : readCore(database, String(row["id"]));
}

export function renewClaim({ database, epoch, now }: Writing, claim: Claim, leaseMs: number): StoredTask | null {
  const task = readClaimed(database, claim);
  if (task === null) return null;
  // Nobody is shown the lease, so the revision stays.
  const values = { number: task.number, leaseUntil: now + leaseMs };
  database.run("UPDATE tasks SET leaseUntil = :leaseUntil WHERE number = :number", values);
  return rereadTask(database, task.id, epoch);
}

export interface Advance {
  readonly state: TaskState;
  readonly base: string | undefined;
}

/** While a task is being cancelled it stays so, whatever step its attempt had in mind: nobody can know in time. */
export function advanceTask(writing: Writing, claim: Claim, { state, base }: Advance): StoredTask | null {
  const { database, epoch } = writing;
  const task = readClaimed(database, claim);
  if (task === null) return null;
  if (state === "queued" || isTerminal(state)) {
    throw new WorkerError("INTERNAL", `A task does not advance to ${state}: it is released, or finished.`);
  }
  if (task.state !== "cancelling") checkStep(task.state, state);
  const next = task.state === "cancelling" ? task.state : state;
  updateTask(database, "state = :next, base = coalesce(:base, base)", {
    number: task.number,
    next,
    base: base ?? null,
  });
  writing.touch(task.id);
  return rereadTask(database, task.id, epoch);
}

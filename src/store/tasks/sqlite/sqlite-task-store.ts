import { mkdir } from "node:fs/promises";
import path from "node:path";
import { WorkerError } from "../../../core/worker-error.ts";
import type { InterruptMode } from "../../../protocol/task-resource.ts";
import type { TaskState } from "../../../protocol/task-state.ts";
import { createHints } from "../hints.ts";
import type {
  Claim,
  CreateResult,
  Expired,
  NewEvent,
  NewTask,
  StoredSession,
  StoredTask,
  TaskCounts,
  TaskEnding,
  TaskQuery,
  TaskStore,
} from "../task-store.ts";
import { advanceTask, claimTask, renewClaim } from "./claim-task.ts";
import type { Claimed, ClaimOptions } from "./claim-task.ts";
import { createTask } from "./create-task.ts";
import { Database } from "./database.ts";
import { finishTask } from "./end-task.ts";
import { openEpoch } from "./epoch.ts";
import type { Epoch } from "./epoch.ts";
import type { Interrupted } from "./interrupt-task.ts";
import { interruptTask } from "./interrupt-task.ts";
import { listExpired } from "./list-expired.ts";
import { listTasks } from "./list-tasks.ts";
import type { TaskList } from "./list-tasks.ts";
import { createPrivate, openLock } from "./lock.ts";
import { readCounts } from "./read-counts.ts";
import { readEvents } from "./read-events.ts";
import type { EventPage } from "./read-events.ts";
import { listRuns, readReport, removeTask } from "./remove-task.ts";
import { releaseTask, sweepTasks } from "./requeue-task.ts";
import { migrate } from "./schema.ts";
import { listSessions, readSession, removeSession, saveSession } from "./sessions.ts";
import { toStoreError } from "./sqlite-error.ts";
import { readTask } from "./task-row.ts";
import { appendEvents } from "./write-events.ts";
import { WriteQueue } from "./write-queue.ts";

export interface SqliteOptions {
  /** The largest that the file may become, in bytes; then DISK_FULL until something is removed. Default: no limit but the disk. */
  readonly maxBytes?: number;
  /** Milliseconds since 1970, for leases and timestamps. */
  readonly now?: () => number;
}

/**
 * Tasks in one SQLite file, made where it is not there, with `-wal`, `-shm`, `.lock` and `.witness` beside it. One store at a time has
 * a file open. Throws STORE_LOCKED, STORE_FAILED, DISK_FULL.
 */
export async function openSqliteTaskStore(file: string, options: SqliteOptions = {}): Promise<TaskStore> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw toStoreError(file, error);
  });
  const lock = openLock(`${file}.lock`);
  let database: Database | undefined;
  try {
    createPrivate(file);
    database = new Database(file);
    prepare(database, options.maxBytes);
    const epoch = openEpoch(database, file);
    return new SqliteTaskStore({ file, lock, database, epoch, now: options.now ?? Date.now });
  } catch (error) {
    database?.[Symbol.dispose]();
    lock[Symbol.dispose]();
    throw toStoreError(file, error);
  }
}

function prepare(database: Database, maxBytes: number | undefined): void {
  database.execute(
    "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON",
  );
  if (maxBytes !== undefined) {
    const pageBytes = Number(database.get("PRAGMA page_size")?.["page_size"]);
    database.execute(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
  }
  migrate(database);
}

interface Parts {
  readonly file: string;
  readonly lock: Disposable;
  readonly database: Database;
  readonly epoch: Epoch;
  readonly now: () => number;
}

/** Reads are synchronous, and so is each transaction: none is ever seen half done. */
class SqliteTaskStore implements TaskStore {
  readonly engine = "sqlite";
  readonly epoch: string;
  readonly #parts: Parts;
  readonly #queue: WriteQueue;
  readonly #hints = createHints();
  #closing: Promise<void> | null = null;

  constructor(parts: Parts) {
    const { file, database, epoch, now } = parts;
    this.#parts = parts;
    this.epoch = epoch.name;
    this.#queue = new WriteQueue({ file, database, epoch: epoch.name, now, hints: this.#hints });
  }

  create(task: NewTask): Promise<CreateResult> {
    return this.#queue.write(true, (writing) => createTask(writing, task));
  }

  read(id: string): Promise<StoredTask | null> {
    return this.#read((database) => readTask(database, id, this.epoch));
  }

  list(query: TaskQuery): Promise<TaskList> {
    return this.#read((database) => listTasks(database, query, this.epoch));
  }

  readReport(id: string): Promise<string | null> {
    return this.#read((database) => readReport(database, id));
  }

  remove(id: string): Promise<boolean> {
    return this.#queue.write(true, (writing) => removeTask(writing, id, this.#parts.epoch));
  }

  listRuns(id: string): Promise<readonly string[]> {
    return this.#read((database) => listRuns(database, id));
  }

  listExpired(before: number): Promise<Expired> {
    return this.#read((database) => listExpired(database, before, this.epoch));
  }

  claim(options: ClaimOptions): Promise<Claimed | null> {
    return this.#queue.write(true, (writing) => claimTask(writing, options));
  }

  /** Not synced: after a power cut every lease is over. */
  renew(claim: Claim, leaseMs: number): Promise<StoredTask | null> {
    return this.#queue.write(false, (writing) => renewClaim(writing, claim, leaseMs));
  }

  advance(claim: Claim, state: TaskState, facts: { readonly base?: string } = {}): Promise<StoredTask | null> {
    return this.#queue.write(true, (writing) => advanceTask(writing, claim, { state, base: facts.base }));
  }

  append(claim: Claim, events: readonly NewEvent[]): Promise<number | null> {
    return this.#queue.write(false, (writing) => appendEvents(writing, claim, events));
  }

  finish(claim: Claim, ending: TaskEnding): Promise<StoredTask | null> {
    return this.#queue.write(true, (writing) => finishTask(writing, claim, ending));
  }

  release(claim: Claim): Promise<boolean> {
    return this.#queue.write(true, (writing) => releaseTask(writing, claim));
  }

  interrupt(id: string, mode: InterruptMode): Promise<Interrupted | null> {
    return this.#queue.write(true, (writing) => interruptTask(writing, id, mode));
  }

  async sweep(now: number): Promise<readonly StoredTask[]> {
    const swept = await this.#queue.write(true, (writing) => sweepTasks(writing, now));
    this.#parts.epoch.witness();
    return swept;
  }

  readEvents(id: string, range: { readonly after: number; readonly limit: number }): Promise<EventPage | null> {
    return this.#read((database) => readEvents(database, id, range));
  }

  waitForChange(id: string, ms: number, signal: AbortSignal): Promise<void> {
    return this.#hints.waitForTask(id, ms, signal);
  }

  waitForWork(ms: number, signal: AbortSignal): Promise<void> {
    return this.#hints.waitForWork(ms, signal);
  }

  counts(owner?: string): Promise<TaskCounts> {
    return this.#read((database) => readCounts(database, owner));
  }

  saveSession(session: StoredSession): Promise<void> {
    return this.#queue.write(true, ({ database }) => saveSession(database, session));
  }

  readSession(owner: string, id: string): Promise<StoredSession | null> {
    return this.#read((database) => readSession(database, owner, id));
  }

  listSessions(owner: string): Promise<readonly StoredSession[]> {
    return this.#read((database) => listSessions(database, owner));
  }

  removeSession(owner: string, id: string): Promise<StoredSession | null> {
    return this.#queue.write(true, ({ database }) => removeSession(database, owner, id));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { database, epoch, lock } = this.#parts;
    await this.#queue.close();
    this.#hints.close();
    epoch.close();
    database[Symbol.dispose]();
    lock[Symbol.dispose]();
  }

  /** Async, so that what is thrown becomes a rejection. */
  async #read<T>(work: (database: Database) => T): Promise<T> {
    const { file, database } = this.#parts;
    if (this.#closing !== null) throw new WorkerError("STORE_FAILED", "The task store is closed.");
    try {
      return work(database);
    } catch (error) {
      throw toStoreError(file, error);
    }
  }
}

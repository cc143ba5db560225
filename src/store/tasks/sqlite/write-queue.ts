import { WorkerError } from "../../../core/worker-error.ts";
import type { Hints } from "../hints.ts";
import type { Database } from "./database.ts";
import { isFileError, toStoreError } from "./sqlite-error.ts";

/** What a write works with. It runs within a transaction, so all it reads and writes is of one moment. */
export interface Writing {
  readonly database: Database;
  readonly epoch: string;
  readonly now: number;
  /** Tells waiters about this task once it is committed. */
  touch(taskId: string): void;
  /** The same for the queue. */
  wake(): void;
}

interface QueuedWrite {
  readonly synced: boolean;
  /** Answers what tells its caller the result. */
  run(writing: Writing): () => void;
  reject(error: Error): void;
}

/** Where it all goes. */
export interface WriteTarget {
  readonly database: Database;
  readonly file: string;
  readonly epoch: string;
  readonly hints: Hints;
  readonly now: () => number;
}

/** More wait for the next tick, so that reads and the rest of the process get their turn. */
const maxBatch = 500;

/**
 * Gathers what is written in one tick of the event loop into one transaction: while the disk is waited for, the next calls
 * gather in their sockets, so the busier the server, the larger the batches. A promise resolves after the commit.
 */
export class WriteQueue {
  readonly #target: WriteTarget;
  #waiting: QueuedWrite[] = [];
  #flushing: Promise<void> | null = null;
  #closed = false;

  constructor(target: WriteTarget) {
    this.#target = target;
  }

  /** Carries out `work` with others in one transaction; where it throws, only what it wrote itself is undone. */
  write<T>(synced: boolean, work: (writing: Writing) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new WorkerError("STORE_FAILED", "The task store is closed."));
    return new Promise((resolve, reject) => {
      const run = (writing: Writing): (() => void) => {
        const result = work(writing);
        return () => resolve(result);
      };
      this.#waiting.push({ synced, run, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Writes what was given until now; later calls are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise(setImmediate);
      this.#writeBatch(this.#waiting.splice(0, maxBatch));
    }
    this.#flushing = null;
  }

  #writeBatch(batch: readonly QueuedWrite[]): void {
    const { database, file, epoch, hints, now } = this.#target;
    const touched = new Set<string>();
    let isWorkThere = false;
    const writing: Writing = {
      database,
      epoch,
      now: now(),
      touch: (taskId) => void touched.add(taskId),
      wake: () => (isWorkThere = true),
    };
    try {
      const synced = batch.some((queued) => queued.synced);
      const settle = database.transaction(synced, () => batch.map((queued) => this.#carryOut(queued, writing)));
      for (const tell of settle) tell();
    } catch (error) {
      for (const queued of batch) queued.reject(toStoreError(file, error));
    }
    for (const taskId of touched) hints.touch(taskId);
    if (isWorkThere) hints.wake();
  }

  #carryOut(queued: QueuedWrite, writing: Writing): () => void {
    const { database, file } = this.#target;
    try {
      return database.savepoint(() => queued.run(writing));
    } catch (error) {
      if (isFileError(error)) throw error;
      return () => queued.reject(toStoreError(file, error));
    }
  }
}

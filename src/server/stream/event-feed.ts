import { setImmediate } from "node:timers/promises";
import type { EventRow, TaskStore } from "../../store/tasks/task-store.ts";
import { cutBatch } from "./cut-batch.ts";
import type { StreamOptions } from "./stream-options.ts";

/** Events that follow each other, at least one unless `done`. Never changed: readers at the same place share it. */
export interface Batch {
  readonly events: readonly EventRow[];
  /** No event will follow. */
  readonly done: boolean;
}

/**
 * Reads the events of tasks for any number of readers: those that stand at the same place share one read and one wait. Only a
 * matter of cost: what a reader gets is what the store holds after the place that it names.
 */
export interface EventFeed {
  open(taskId: string): TaskReader;
  /** How many tasks have readers. */
  readonly size: number;
}

export interface TaskReader extends Disposable {
  /** Waits until there is something after `after`. Null: there is no such task; undefined: aborted. Rejects as the store does. */
  next(after: number, signal: AbortSignal): Promise<Batch | null | undefined>;
}

export interface FeedParts {
  readonly store: Pick<TaskStore, "readEvents" | "waitForChange">;
  readonly options: Pick<StreamOptions, "batchEvents" | "batchBytes" | "pollMs">;
}

/** What the readers of one task share. */
interface Followed {
  readonly id: string;
  readers: number;
  /** How many events to read at a time, from the size of the last ones: what is read beyond `batchBytes` is read in vain. */
  limit: number;
  /** By what they come after. */
  readonly steps: Map<number, Step>;
}

/** A read under way, and who waits for it. */
interface Step {
  readonly waiting: Set<Waiting>;
  readonly stop: AbortController;
}

interface Waiting {
  readonly resolve: (batch: Batch | null) => void;
  readonly reject: (error: unknown) => void;
}

const firstLimit = 16;

export function createEventFeed({ store, options }: FeedParts): EventFeed {
  const followed = new Map<string, Followed>();

  async function read(task: Followed, after: number, signal: AbortSignal): Promise<Batch | null> {
    // One turn of the loop for everybody else: to catch up with a long log must not keep the server from its other work.
    await setImmediate();
    for (;;) {
      // Before the read, so that nothing comes in between unnoticed.
      const changed = store.waitForChange(task.id, options.pollMs, signal);
      const found = await store.readEvents(task.id, { after, limit: task.limit });
      if (found === null) return null;
      const { events, bytes, done } = cutBatch(found, options.batchBytes);
      if (events.length > 0) task.limit = chooseLimit(events.length, bytes, options);
      if (events.length > 0 || done || signal.aborted) return { events, done };
      await changed;
    }
  }

  return {
    open(taskId) {
      const task = followed.get(taskId) ?? createFollowed(taskId);
      followed.set(taskId, task);
      task.readers += 1;
      return {
        next: async (after, signal) => (signal.aborted ? undefined : join({ task, after, read }, signal)),
        [Symbol.dispose]() {
          task.readers -= 1;
          if (task.readers === 0) followed.delete(taskId);
        },
      };
    },
    get size() {
      return followed.size;
    },
  };
}

function createFollowed(id: string): Followed {
  return { id, readers: 0, limit: firstLimit, steps: new Map() };
}

function chooseLimit(events: number, bytes: number, options: FeedParts["options"]): number {
  const fitting = Math.ceil((options.batchBytes * events) / Math.max(bytes, 1));
  return Math.min(options.batchEvents, Math.max(1, fitting));
}

interface Place {
  readonly task: Followed;
  readonly after: number;
  readonly read: (task: Followed, after: number, signal: AbortSignal) => Promise<Batch | null>;
}

/** Waits for the read at this place; begins it where nobody has. Whoever is the last to leave ends it. */
function join(place: Place, signal: AbortSignal): Promise<Batch | null | undefined> {
  const step = place.task.steps.get(place.after) ?? begin(place);
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      step.waiting.delete(waiting);
      if (step.waiting.size === 0) end(place, step);
      resolve(undefined);
    };
    const waiting: Waiting = {
      resolve(batch) {
        signal.removeEventListener("abort", leave);
        resolve(batch);
      },
      reject(error) {
        signal.removeEventListener("abort", leave);
        reject(error);
      },
    };
    signal.addEventListener("abort", leave);
    step.waiting.add(waiting);
  });
}

function begin(place: Place): Step {
  const step: Step = { waiting: new Set(), stop: new AbortController() };
  place.task.steps.set(place.after, step);
  void carryOut(place, step);
  return step;
}

async function carryOut(place: Place, step: Step): Promise<void> {
  const { task, after, read } = place;
  try {
    const batch = await read(task, after, step.stop.signal);
    end(place, step);
    for (const { resolve } of step.waiting) resolve(batch);
  } catch (error) {
    end(place, step);
    for (const { reject } of step.waiting) reject(error);
  }
}

/** Nobody joins it any more, and nothing waits in the store for it. */
function end({ task, after }: Place, step: Step): void {
  if (task.steps.get(after) === step) task.steps.delete(after);
  step.stop.abort();
}

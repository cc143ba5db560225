import { setTimeout as sleep } from "node:timers/promises";
import type { TaskStore } from "../../store/tasks/task-store.ts";
import type { Logger } from "../logger.ts";
import { removeSession } from "./remove-session.ts";
import { removeTask } from "./remove-task.ts";
import type { TaskRemovalParts } from "./remove-task.ts";

export interface RetentionParts extends TaskRemovalParts {
  readonly store: TaskRemovalParts["store"] & Pick<TaskStore, "listExpired" | "removeSession">;
  /** How long a task is kept after its end, and a conversation after it was continued last. */
  readonly keepMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

const everyMs = 60 * 60_000;

/** Removes what is too old, now and once in an hour, until it is disposed. */
export function startRetention(parts: RetentionParts): AsyncDisposable {
  const ended = new AbortController();
  const working = work(parts, ended.signal);
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await working;
    },
  };
}

async function work(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const removed = await removeExpired(parts, Date.now() - parts.keepMs, signal);
      if (removed > 0) parts.logger.info({ removed }, "removed what was too old");
    } catch (error) {
      parts.logger.warn({ err: error }, "what is too old cannot be removed");
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Answers how much it removed. What fails is left for the next hour, and keeps nothing else from being removed. */
async function removeExpired(parts: RetentionParts, before: number, signal: AbortSignal): Promise<number> {
  const { store } = parts;
  let removed = 0;
  for (;;) {
    const { tasks, sessions } = await store.listExpired(before);
    const removals = [
      ...tasks.map((task) => () => removeTask(parts, task)),
      ...sessions.map((session) => () => removeSession(store, session)),
    ];
    let done = 0;
    for (const remove of removals) {
      if (signal.aborted) return removed + done;
      done += await tryTo(remove, parts);
    }
    removed += done;
    if (done === 0) return removed;
  }
}

async function tryTo(remove: () => Promise<unknown>, { logger }: RetentionParts): Promise<0 | 1> {
  try {
    await remove();
    return 1;
  } catch (error) {
    logger.warn({ err: error }, "what is too old could not be removed");
    return 0;
  }
}

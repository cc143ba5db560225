import { setTimeout as sleep } from "node:timers/promises";
import type { GitSettings } from "../../git/git-environment.ts";
import type { TaskStore } from "../../store/tasks/task-store.ts";
import type { Logger } from "../logger.ts";
import { findScattered, packRepository } from "../repositories/pack-repository.ts";
import type { ServerSettings } from "../server-settings.ts";
import { removeSession } from "./remove-session.ts";
import { removeTask } from "./remove-task.ts";
import type { TaskRemovalParts } from "./remove-task.ts";

export interface MaintenanceParts extends TaskRemovalParts {
  readonly store: TaskRemovalParts["store"] & Pick<TaskStore, "listExpired" | "removeSession">;
  readonly settings: Pick<ServerSettings, "keepMs" | "dataDirectory">;
  readonly git: GitSettings;
  readonly logger: Pick<Logger, "info" | "warn">;
}

const everyMs = 60 * 60_000;

/** Removes what is too old and packs the repositories, now and once in an hour, until it is disposed. */
export function startMaintenance(parts: MaintenanceParts): AsyncDisposable {
  const ended = new AbortController();
  const working = work(parts, ended.signal);
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await working;
    },
  };
}

async function work(parts: MaintenanceParts, signal: AbortSignal): Promise<void> {
  const { logger, settings } = parts;
  while (!signal.aborted) {
    try {
      const removed = await removeExpired(parts, Date.now() - settings.keepMs, signal);
      const packed = await packScattered(parts, signal);
      if (removed + packed > 0) logger.info({ removed, packed }, "maintenance");
    } catch (error) {
      logger.warn({ err: error }, "maintenance failed");
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function removeExpired(parts: MaintenanceParts, before: number, signal: AbortSignal): Promise<number> {
  const { store } = parts;
  let removed = 0;
  for (;;) {
    const { tasks, sessions } = await store.listExpired(before);
    const steps = [
      ...tasks.map((task) => () => removeTask(parts, task)),
      ...sessions.map((session) => () => removeSession(store, session)),
    ];
    const done = await carryOut(steps, parts, signal);
    removed += done;
    // What cannot be removed would be listed for ever.
    if (done === 0) return removed;
  }
}

async function packScattered(parts: MaintenanceParts, signal: AbortSignal): Promise<number> {
  const directories = await findScattered(parts.settings.dataDirectory);
  const steps = directories.map((gitDirectory) => () => packRepository({ settings: parts.git, gitDirectory }, signal));
  return carryOut(steps, parts, signal);
}

/** Answers how many succeeded. What fails is left for the next hour, and keeps nothing else from being done. */
async function carryOut(
  steps: readonly (() => Promise<unknown>)[],
  { logger }: MaintenanceParts,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  for (const step of steps) {
    if (signal.aborted) break;
    try {
      await step();
      done += 1;
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, "a step of maintenance failed");
    }
  }
  return done;
}

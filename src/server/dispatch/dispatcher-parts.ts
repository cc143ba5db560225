import type { Runner } from "../../core/runner.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { TaskStore } from "../../store/tasks/task-store.ts";
import type { Logger } from "../logger.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { BreakerRules } from "./breaker.ts";
import type { TaskSessions } from "./task-sessions.ts";
import type { WarmTasks } from "./warm-tasks.ts";

/** What a dispatcher works with; joined in open-server.ts. */
export interface DispatcherParts {
  readonly store: TaskStore;
  readonly repositories: Repositories;
  /** What carries out tasks for an agent of this name. Throws what no task of it could work with: AGENT_UNKNOWN, CREDENTIAL_MISSING. */
  readonly runners: (agent: string) => Runner | Promise<Runner>;
  readonly metrics: Pick<Metrics, "taskStarted" | "taskEnded" | "firstEvent" | "eventsAppended" | "breakerChanged">;
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  /** Removes what runs of processes that were killed have left (createRecovery); called once, at the start. */
  readonly recover?: (signal: AbortSignal) => Promise<void>;
  /** Undefined: no conversation is kept, and none continued. */
  readonly sessions?: TaskSessions;
  /** Undefined: every task begins cold. Whoever opened it disposes of it. */
  readonly warm?: WarmTasks;
  readonly settings: DispatcherSettings;
}

/** Times in milliseconds. */
export interface DispatcherSettings {
  readonly concurrency: number;
  /** Its paths are not shown to anybody. */
  readonly dataDirectory: string;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly sweepMs: number;
  /** A store that has refused an attempt for so long is given up, and the attempt with it. */
  readonly giveUpMs: number;
  /** From a wish to stop until an attempt is given up when the server goes away. */
  readonly stopMs: number;
  /** Events of an attempt that may wait for the store before the run waits too. */
  readonly waitingEvents: number;
  /** Default: three failures, 30 s. */
  readonly breaker?: BreakerRules;
}

export const defaultDispatcherSettings = {
  leaseMs: 30_000,
  renewMs: 10_000,
  sweepMs: 5_000,
  giveUpMs: 5 * 60_000,
  stopMs: 30_000,
  waitingEvents: 64,
} as const satisfies Partial<DispatcherSettings>;

import type { EventListener } from "./run-event.ts";
import type { RunReport } from "./run-report.ts";
import type { Task } from "./task.ts";
import type { Warning } from "./warning.ts";

export interface RunRequest {
  readonly task: Task;
  /** Any directory of the repository. */
  readonly repository: string;
  /** A revision, resolved once. */
  readonly base: string;
  /** undefined: `agent/<slug of task>-<6 of run id>`. */
  readonly branch: string | undefined;
  readonly onBranchExists: OnBranchExists;
  /** What the configuration has to say: the run reports it with its own. */
  readonly warnings: readonly Warning[];
}

export type OnBranchExists = "fail" | "suffix" | "reuse" | "replace";

export interface RunOptions {
  /** Aborted with a CancelSignal as its reason. */
  readonly signal: AbortSignal;
  /** Aborted when nothing is to be waited for any more: the container is removed, and work that is not out yet is lost. */
  readonly killSignal?: AbortSignal | undefined;
  readonly onEvent: EventListener;
}

/** Carries out one task. Throws a WorkerError while nothing is started; from then on every ending is a report. */
export type Runner = (request: RunRequest, options: RunOptions) => Promise<RunReport>;

import type { ServerEndpoint, ServerSettings } from "../../agents/server/server-settings.ts";
import type { RunReport } from "../../core/run-report.ts";
import type { RunOptions, RunRequest } from "../../core/runner.ts";
import type { RunRecord } from "../../store/run-record.ts";
import type { SubmittedRun } from "../../worker/submit-task.ts";

/** A run as it was found on this machine. */
export interface RecordedRun {
  readonly directory: string;
  readonly record: RunRecord;
}

/** Runs that a task server carries out; main.ts hands in the wire. */
export interface ServerRuns {
  /** Fire and forget. Throws SERVER_URL_MISSING and what keeps the task from a server. */
  submit(request: RunRequest, options: Omit<RunOptions, "onEvent">): Promise<SubmittedRun>;
  /** Follows a run to its end, from its first event on; publishes and reports, as any run. */
  resume(run: RecordedRun, options: RunOptions): Promise<RunReport>;
  /** How to speak to the server of a run. Throws SERVER_URL_MISSING where it is not among those that are configured. */
  locate(record: RunRecord): { readonly settings: ServerSettings; readonly endpoint: ServerEndpoint };
}

import type { RemoteRun } from "../../core/remote-run.ts";
import { WorkerError } from "../../core/worker-error.ts";
import type { Attempt, Delivered } from "./attempt.ts";
import { retry } from "./backoff.ts";
import { handOver } from "./deliver-task.ts";
import type { ServerEndpoint } from "./server-settings.ts";

/** What is known of a run that was begun before. */
export interface ResumedRun {
  readonly endpoint: ServerEndpoint;
  readonly run: RemoteRun;
  /** The body that was sent, or was about to be. */
  readonly request: string;
}

/** Finds the task of an earlier process again; one that the server may never have received is sent with the same key. */
export async function takeUpTask(attempt: Attempt, { run, request }: ResumedRun): Promise<Delivered> {
  const [client] = attempt.clients;
  if (client === undefined) throw new WorkerError("SERVER_URL_MISSING", "There is no task server.");
  const { taskId } = run;
  if (taskId !== null) return { client, run: { ...run, taskId } };
  const { backoff, submitMs } = client.settings.patience;
  const limits = { backoff, limitMs: submitMs, signal: attempt.context.signal };
  const result = await retry(() => handOver(attempt, { client, run, request }), limits);
  if (!result.ok) throw result.error;
  return result;
}

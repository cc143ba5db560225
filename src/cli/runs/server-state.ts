import { openHttpClient } from "../../agents/server/http-client.ts";
import { pause, retry } from "../../agents/server/backoff.ts";
import { toRemoteOutcome } from "../../agents/server/remote-task.ts";
import type { RemoteTask } from "../../agents/server/remote-task.ts";
import { readTask, waitForTask } from "../../agents/server/task-api.ts";
import type { Result } from "../../agents/server/task-api.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { ServerRun } from "./choose-server-runs.ts";
import type { ServerRuns } from "./server-runs.ts";

/** How a run's task stands on its server. */
export interface ServerState {
  /** The state as the server calls it; `unsent` where it never had the task for sure. */
  readonly state: string;
  /** null: it has not ended. */
  readonly outcome: Outcome | null;
}

/** Asks once, and again as long as the server stumbles. Throws what keeps the answer away. */
export async function readServerState(runs: ServerRuns, run: ServerRun, signal: AbortSignal): Promise<ServerState> {
  const { settings, endpoint } = runs.locate(run.record);
  const { taskId } = run.record.server;
  if (taskId === null) return { state: "unsent", outcome: null };
  await using client = openHttpClient(endpoint, settings);
  const { backoff, contactMs } = settings.patience;
  return toState(await retry(() => readTask(client, taskId, signal), { backoff, limitMs: contactMs, signal }));
}

export interface Waiting {
  readonly signal: AbortSignal;
  /** Told each time that the server begins to be away, and why. */
  readonly onAway: (why: string) => void;
}

/** The same when the task has ended. A server that is away for too long is given up. */
export async function waitForServer(
  runs: ServerRuns,
  run: ServerRun,
  { signal, onAway }: Waiting,
): Promise<ServerState> {
  const { settings, endpoint } = runs.locate(run.record);
  const { taskId } = run.record.server;
  if (taskId === null) return { state: "unsent", outcome: null };
  await using client = openHttpClient(endpoint, settings);
  const { backoff, unreachableMs, pollMs } = settings.patience;
  for (;;) {
    const asked = performance.now();
    const limits = { backoff, limitMs: unreachableMs, signal };
    const first = await waitForTask(client, taskId, signal);
    if (!first.ok && first.retryable) onAway(first.error.message);
    const isSettled = first.ok || !first.retryable;
    const state = toState(isSettled ? first : await retry(() => waitForTask(client, taskId, signal), limits));
    if (state.outcome !== null) return state;
    // A server that does not hold its answer back is not asked without a break.
    const restMs = pollMs - (performance.now() - asked);
    if (restMs > 0) await pause(restMs, signal);
  }
}

function toState(result: Result<RemoteTask>): ServerState {
  if (!result.ok) throw result.error;
  return { state: result.value.state, outcome: toRemoteOutcome(result.value) };
}

import type { AgentSignals } from "../../core/agent.ts";
import type { InterruptMode } from "../../protocol/task-resource.ts";
import { retry } from "./backoff.ts";
import type { HttpClient } from "./http-client.ts";
import { interruptTask } from "./task-api.ts";

/** Why a task is not followed any more although it has not ended. */
export type Departure =
  /** A second signal: the user waits no longer. */
  | "detached"
  /** It was told to stop and does not end. */
  | "unstopped";

/** Stops a task when its time is up, for whatever reason, and ends the waiting when it does not stop. */
export interface TaskWatch extends Disposable {
  /** Aborted with a Departure. */
  readonly signal: AbortSignal;
  /** Why the task was told to stop; null: it was not. */
  readonly cause: () => "cancelled" | "late" | null;
  /** The agent has begun; its time counts from here. */
  started(): void;
  /** It goes back to the queue. */
  requeued(): void;
}

interface WatchOptions extends AgentSignals {
  readonly client: HttpClient;
  readonly taskId: string;
  /** The task's own time, which the server enforces. */
  readonly timeoutMs: number;
}

export function startTaskWatch(options: WatchOptions): TaskWatch {
  const { client, taskId, signal, killSignal, timeoutMs } = options;
  const { lateMs, stopMs, backoff } = client.settings.patience;
  const leave = new AbortController();
  let cause: "cancelled" | "late" | null = null;
  let wallClock: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  const stop = (why: "cancelled" | "late", mode: InterruptMode): void => {
    if (cause !== null || leave.signal.aborted) return;
    cause = why;
    clearTimeout(wallClock);
    patience = setTimeout(() => leave.abort("unstopped" satisfies Departure), stopMs);
    const send = () => interruptTask(client, { taskId, mode, signal: leave.signal });
    // A wish that does not arrive shows in the end that does not come.
    retry(send, { backoff, limitMs: stopMs, signal: leave.signal }).catch(() => undefined);
  };
  const onAbort = (): void => stop("cancelled", "graceful");
  const onKill = (): void => leave.abort("detached" satisfies Departure);
  listen(signal, onAbort);
  listen(killSignal, onKill);
  return {
    signal: leave.signal,
    cause: () => cause,
    started() {
      if (cause !== null) return;
      wallClock ??= setTimeout(() => stop("late", "force"), clampDelay(timeoutMs + lateMs));
    },
    requeued() {
      clearTimeout(wallClock);
      wallClock = undefined;
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      killSignal?.removeEventListener("abort", onKill);
      clearTimeout(wallClock);
      clearTimeout(patience);
      // Ends what still goes on, such as a wish to stop that has not arrived.
      leave.abort("detached" satisfies Departure);
    },
  };
}

function listen(signal: AbortSignal | undefined, listener: () => void): void {
  if (signal?.aborted) listener();
  else signal?.addEventListener("abort", listener, { once: true });
}

/** setTimeout takes at most 2^31-1 ms; what is more would end at once. */
function clampDelay(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}

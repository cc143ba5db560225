import type { Control } from "../../container/control.ts";
import type { StopCause } from "./agent-cli.ts";
import type { Patience } from "./contained-settings.ts";

/** Stops the agent CLI when its time is up, for whatever reason; the first reason counts. */
export interface StopWatch extends Disposable {
  readonly cause: () => StopCause | null;
  /** The agent CLI shows a sign of life. */
  touch(): void;
  /** The agent CLI has done more turns than it may. */
  turnsExceeded(): void;
  /** The agent CLI has said its result: it should end by itself now. */
  resultSeen(): void;
  /** The agent CLI has ended: nothing is left to stop. */
  ended(): void;
}

interface StopWatchOptions {
  readonly control: Control;
  /** Ends the container: for an entry program that does not answer because the agent has frozen it. */
  readonly killContainer: () => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly patience: Patience;
}

/** From the agent CLI's KILL until its end must have been reported. */
const answerMs = 5_000;

export function startStopWatch(options: StopWatchOptions): StopWatch {
  const { control, signal, timeoutMs, patience } = options;
  let cause: StopCause | null = null;
  let over = false;
  let unanswered: NodeJS.Timeout | undefined;
  const stop = (why: StopCause, graceMs: number): void => {
    if (over || cause !== null) return;
    cause = why;
    control.stop(graceMs);
    unanswered = setTimeout(options.killContainer, graceMs + answerMs);
  };
  const onAbort = (): void => stop("cancelled", patience.stopMs);
  const wallClock = setTimeout(() => stop("wall-clock", patience.stopMs), clampDelay(timeoutMs));
  const idle = setTimeout(() => stop("idle", patience.stopMs), clampDelay(patience.idleMs));
  let result: NodeJS.Timeout | undefined;
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  const clear = (): void => {
    over = true;
    signal.removeEventListener("abort", onAbort);
    for (const timer of [wallClock, idle, result, unanswered]) clearTimeout(timer);
  };
  return {
    cause: () => cause,
    touch: () => void idle.refresh(),
    turnsExceeded: () => stop("turns", patience.stopMs),
    resultSeen: () => (result ??= setTimeout(() => stop("result-seen", 0), patience.resultMs)),
    ended: clear,
    [Symbol.dispose]: clear,
  };
}

/** setTimeout takes at most 2^31-1 ms, 24.8 days; what is more would end at once. */
function clampDelay(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}

import type { InterruptMode } from "../../protocol/task-resource.ts";

/** Everything that can end an attempt before its time. */
export interface AttemptSignals {
  /** The run stops and keeps its partial work; aborted with "SIGTERM". */
  readonly stop: AbortSignal;
  /** Nothing is waited for any more. */
  readonly kill: AbortSignal;
  /** Nothing of the attempt counts any more, and nobody may be told of it: the claim is lost, or the store is given up. */
  readonly over: AbortSignal;
  /** The server goes away, and nobody else has wished the task to stop. */
  isHandedBack(): boolean;
  interrupt(mode: InterruptMode): void;
  handBack(): void;
  lose(): void;
}

export function createAttemptSignals(): AttemptSignals {
  const stop = new AbortController();
  const kill = new AbortController();
  const over = new AbortController();
  let isInterrupted = false;
  let isHandedBack = false;
  const stopOnce = (): void => {
    if (!stop.signal.aborted) stop.abort("SIGTERM");
  };
  return {
    stop: stop.signal,
    kill: kill.signal,
    over: over.signal,
    isHandedBack: () => isHandedBack && !isInterrupted,
    interrupt(mode) {
      isInterrupted = true;
      stopOnce();
      if (mode === "force") kill.abort();
    },
    handBack() {
      isHandedBack = true;
      stopOnce();
    },
    lose() {
      over.abort();
      stopOnce();
      kill.abort();
    },
  };
}

/** Wakes who waits. What rings while nobody waits is heard by the next who does. */
export interface Bell {
  ring(): void;
  /** Until it rings, `ms` are over, or an abort. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** For one waiter. */
export function createBell(): Bell {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      isRung = true;
      wake?.();
    },
    async wait(ms, signal) {
      if (!isRung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            resolve();
          };
          const timer = setTimeout(end, ms);
          signal.addEventListener("abort", end);
          wake = end;
        });
      }
      isRung = false;
      wake = undefined;
    },
  };
}

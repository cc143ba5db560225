/** Lets one waiter wait until it is woken. A call that comes while nobody waits ends the next wait at once. */
export interface WakeUp {
  wake(): void;
  /** Until it is woken, `ms` are over, or an abort. Never rejects. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWakeUp(): WakeUp {
  let isCalled = false;
  let goOn: (() => void) | undefined;
  return {
    wake() {
      isCalled = true;
      goOn?.();
    },
    async wait(ms, signal) {
      if (!isCalled && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            resolve();
          };
          const timer = setTimeout(end, ms);
          signal.addEventListener("abort", end);
          goOn = end;
        });
      }
      isCalled = false;
      goOn = undefined;
    },
  };
}

/** Tells those who wait within this process that something may have changed. */
export interface Hints {
  touch(taskId: string): void;
  wake(): void;
  /** Resolves with the next `touch` of this task, after `ms`, or when aborted; never rejects. */
  waitForTask(taskId: string, ms: number, signal: AbortSignal): Promise<void>;
  waitForWork(ms: number, signal: AbortSignal): Promise<void>;
  /** Lets everybody go on, now and later. */
  close(): void;
}

type Waiters = Set<() => void>;

export function createHints(): Hints {
  const tasks = new Map<string, Waiters>();
  const work: Waiters = new Set();
  let isClosed = false;
  const wait = (waiters: Waiters, ms: number, signal: AbortSignal): Promise<void> =>
    isClosed ? Promise.resolve() : waitAmong(waiters, ms, signal);
  return {
    touch: (taskId) => release(tasks.get(taskId)),
    wake: () => release(work),
    async waitForTask(taskId, ms, signal) {
      const waiters = tasks.get(taskId) ?? new Set();
      tasks.set(taskId, waiters);
      await wait(waiters, ms, signal);
      if (waiters.size === 0 && tasks.get(taskId) === waiters) tasks.delete(taskId);
    },
    waitForWork: (ms, signal) => wait(work, ms, signal),
    close() {
      isClosed = true;
      for (const waiters of [work, ...tasks.values()]) release(waiters);
    },
  };
}

function release(waiters: Waiters | undefined): void {
  for (const goOn of waiters ?? []) goOn();
}

function waitAmong(waiters: Waiters, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", goOn);
      waiters.delete(goOn);
      resolve();
    };
    const timer = setTimeout(goOn, ms);
    waiters.add(goOn);
    signal.addEventListener("abort", goOn);
    if (signal.aborted) goOn();
  });
}

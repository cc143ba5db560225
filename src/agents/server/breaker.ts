/** Keeps a server that fails again and again from being asked, for a while. */
export interface Breaker {
  /** Whether it may be asked. After the break one question is let through; its answer decides. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

const maxFailures = 3;

export function createBreaker(breakMs: number, now: () => number = () => performance.now()): Breaker {
  let failures = 0;
  let openUntil = 0;
  return {
    allows() {
      if (failures < maxFailures) return true;
      if (now() < openUntil) return false;
      // Half open: whoever else asks meanwhile waits for the answer to this one.
      openUntil = now() + breakMs;
      return true;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      if (failures >= maxFailures) openUntil = now() + breakMs;
    },
  };
}

const known = new Map<string, Breaker>();

/** The one breaker that all runs of this process share for a server. */
export function findBreaker(url: string, breakMs: number): Breaker {
  const found = known.get(url) ?? createBreaker(breakMs);
  known.set(url, found);
  return found;
}

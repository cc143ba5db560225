import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "./reply.ts";

/** Pauses between tries: chance between nothing and a limit that doubles each time (full jitter). */
export interface Backoff {
  /** In milliseconds; at least what the server asked for. */
  next(atLeastMs?: number | null): number;
  /** Something went well. */
  reset(): void;
}

export interface BackoffLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

export function createBackoff({ minMs, maxMs }: BackoffLimits, random: () => number = Math.random): Backoff {
  let limitMs = minMs;
  return {
    next(atLeastMs) {
      const pauseMs = random() * limitMs;
      limitMs = Math.min(2 * limitMs, maxMs);
      return Math.max(pauseMs, atLeastMs ?? 0);
    },
    reset() {
      limitMs = minMs;
    },
  };
}

/** Rejects with the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

export interface RetryLimits {
  readonly backoff: BackoffLimits;
  /** From the first try until no other one is begun. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Tries again what may succeed later, as long as there is time. Answers the first success or the last failure. */
export async function retry<T extends { readonly ok: true }>(
  attempt: () => Promise<T | Failure>,
  { backoff, limitMs, signal }: RetryLimits,
): Promise<T | Failure> {
  const pauses = createBackoff(backoff);
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const result = await attempt();
    if (result.ok || !result.retryable) return result;
    const pauseMs = pauses.next(result.retryAfterMs);
    if (performance.now() + pauseMs > endsAt) return result;
    await pause(pauseMs, signal);
  }
}

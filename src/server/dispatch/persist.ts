import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls the store again until it answers: what an attempt has done must not be lost to a disk that is full for a minute.
 * `undefined`: given up, after `giveUpMs` or an abort.
 */
export async function persist<T>(
  work: () => Promise<T>,
  { giveUpMs, signal, onFailure }: PersistOptions,
): Promise<T | undefined> {
  const began = performance.now();
  for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    try {
      return await work();
    } catch (error) {
      onFailure(error);
    }
    if (performance.now() - began >= giveUpMs) return undefined;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

export interface PersistOptions {
  readonly giveUpMs: number;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

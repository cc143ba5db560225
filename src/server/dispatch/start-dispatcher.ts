import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, StoredTask } from "../../store/tasks/task-store.ts";
import { createUlid } from "../../util/ulid.ts";
import { openAttempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import type { Dispatcher, DispatcherStatus } from "./dispatcher.ts";
import { followAttempt } from "./follow-attempt.ts";
import { openBreaker } from "./open-breaker.ts";
import type { OpenBreaker } from "./open-breaker.ts";
import { sweepLost } from "./sweep-lost.ts";
import { createWakeUp } from "./wake-up.ts";

/**
 * Begins to carry out what the store holds. The store is this process's alone, so attempts that are under way in it are those of
 * a process that has died: they are swept before anything else. Throws what the store throws.
 */
export async function startDispatcher(parts: DispatcherParts): Promise<Dispatcher> {
  await sweepLost(parts, Number.MAX_SAFE_INTEGER);
  return new TaskDispatcher(parts);
}

/** Waits for the queue at most this long: a hint may be missed. */
const pollMs = 1_000;

class TaskDispatcher implements Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #breaker: OpenBreaker;
  /** A task may be here twice for a moment: while an attempt that was lost ends, the next one has begun. */
  readonly #active = new Map<Attempt, Promise<void>>();
  /** Nothing more is claimed. */
  readonly #draining = new AbortController();
  /** Nothing more is swept. */
  readonly #closing = new AbortController();
  readonly #slots = createWakeUp();
  readonly #loops: readonly Promise<void>[];
  #drained: Promise<void> | null = null;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#breaker = openBreaker(parts.metrics, parts.settings.breaker);
    this.#loops = [this.#claimAll(), this.#sweepAll(), this.#recover()];
  }

  wake(taskId: string): void {
    for (const { task, held } of this.#active.keys()) if (task.id === taskId) held.wake();
  }

  status(): DispatcherStatus {
    const { state, failures } = this.#breaker.read();
    return {
      active: this.#active.size,
      draining: this.#draining.signal.aborted,
      breaker: { state, failures },
      warm: this.#parts.warm?.status() ?? { ready: 0, limit: 0 },
    };
  }

  drain(ms: number): Promise<void> {
    this.#drained ??= this.#drain(ms);
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever drains with time to spare has none any more.
    if (this.#drained !== null) this.#handBack();
    await this.drain(0);
  }

  async #drain(ms: number): Promise<void> {
    this.#draining.abort();
    const claiming = this.#loops[0];
    await claiming;
    const ended = Promise.all(this.#active.values());
    if (ms > 0) await waitAtMost(ended, ms);
    this.#handBack();
    await waitAtMost(ended, this.#parts.settings.stopMs);
    // What still runs does not end, or cannot be written down: the next start sweeps it.
    for (const { signals } of this.#active.keys()) signals.lose();
    await ended;
    this.#closing.abort();
    await Promise.all(this.#loops);
  }

  #handBack(): void {
    for (const { signals } of this.#active.keys()) signals.handBack();
  }

  async #claimAll(): Promise<void> {
    const { signal } = this.#draining;
    while (!signal.aborted) {
      try {
        await this.#claimNext(signal);
      } catch (error) {
        this.#parts.logger.error({ err: error }, "no task can be claimed");
        await this.#slots.wait(pollMs, signal);
      }
    }
  }

  async #claimNext(signal: AbortSignal): Promise<void> {
    const { store, settings } = this.#parts;
    const pauseMs = this.#active.size < settings.concurrency ? this.#breaker.pauseMs() : pollMs;
    if (pauseMs > 0) return this.#slots.wait(Math.min(pauseMs, pollMs), signal);
    // Before the look at the queue: what comes in between must not be missed.
    const work = store.waitForWork(pollMs, signal);
    const claimed = await store.claim({ leaseMs: settings.leaseMs, runId: createUlid() });
    if (claimed === null) return work;
    if (signal.aborted) await store.release(claimed.claim);
    else this.#begin(claimed);
  }

  #begin(claimed: { readonly task: StoredTask; readonly claim: Claim }): void {
    const attempt = openAttempt(this.#parts, claimed);
    const isProbe = this.#breaker.begin();
    this.#active.set(attempt, this.#follow(attempt, isProbe));
  }

  async #follow(attempt: Attempt, isProbe: boolean): Promise<void> {
    const end = await followAttempt(this.#parts, attempt, { breaker: this.#breaker, isProbe });
    // Who reads the task is told now and not after a lease.
    if (end.kind === "handed-back" && end.counts) await this.#sweep(Date.now() + 1);
    this.#active.delete(attempt);
    this.#slots.wake();
  }

  async #sweepAll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(this.#parts.settings.sweepMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.#sweep(Date.now());
    }
  }

  async #sweep(now: number): Promise<void> {
    try {
      // A process that stood still for longer than a lease comes first to what it holds itself.
      await Promise.all([...this.#active.keys()].map(({ held }) => held.renew()));
      const swept = await sweepLost(this.#parts, now);
      for (const { id } of swept) this.wake(id);
    } catch (error) {
      this.#parts.logger.error({ err: error }, "nothing can be swept");
    }
  }

  async #recover(): Promise<void> {
    try {
      await this.#parts.recover?.(this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted)
        this.#parts.logger.warn({ err: error }, "not all that was left could be removed");
    }
  }
}

async function waitAtMost(work: Promise<unknown>, ms: number): Promise<void> {
  const ended = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined)]);
  ended.abort();
}

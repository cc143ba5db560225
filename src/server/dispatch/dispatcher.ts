/** Carries out what the store has queued, `concurrency` tasks at a time. Disposing drains with no time at all. */
export interface Dispatcher extends AsyncDisposable {
  /** A wish to interrupt was stored: whoever carries the task out looks now rather than at the next renewal. */
  wake(taskId: string): void;
  status(): DispatcherStatus;
  /**
   * Claims nothing more, lets what runs go on for `ms`, then interrupts it and hands it back to the queue. Resolves when nothing
   * runs any more.
   */
  drain(ms: number): Promise<void>;
}

export interface DispatcherStatus {
  readonly active: number;
  readonly draining: boolean;
  readonly breaker: { readonly state: "closed" | "open" | "half-open"; readonly failures: number };
  readonly warm: { readonly ready: number; readonly limit: number };
}

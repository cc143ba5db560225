import type { InterruptMode } from "../../protocol/task-resource.ts";
import type { Claim, StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import { createWakeUp } from "./wake-up.ts";

/** A claim that is kept alive until it is disposed. */
export interface HeldClaim extends AsyncDisposable {
  /** Extends the lease now and looks what was asked for. False: the claim is lost. Throws what the store threw. */
  renew(): Promise<boolean>;
  /** The same, soon; and nobody waits for it. */
  wake(): void;
}

export interface HoldOptions {
  readonly store: Pick<TaskStore, "renew">;
  readonly claim: Claim;
  readonly leaseMs: number;
  readonly renewMs: number;
  /** A store that has refused for so long is given up, and the claim with it. */
  readonly giveUpMs: number;
  /** Called once, when the claim is another's, or the store was given up. */
  readonly onLost: () => void;
  readonly onInterrupt: (mode: InterruptMode) => void;
}

/** After a failure of the store the next try comes sooner. */
const retryMs = 1_000;

export function holdClaim(options: HoldOptions): HeldClaim {
  const { store, claim, leaseMs, renewMs, giveUpMs } = options;
  const ended = new AbortController();
  const wakeUp = createWakeUp();
  let renewedAt = performance.now();
  let isLost = false;
  const lose = (): void => {
    if (!isLost && !ended.signal.aborted) options.onLost();
    isLost = true;
  };
  const follow = (task: StoredTask | null): boolean => {
    if (task === null) lose();
    else if (task.interrupt !== null && !ended.signal.aborted) options.onInterrupt(task.interrupt);
    return task !== null;
  };
  const renew = async (): Promise<boolean> => {
    if (isLost || ended.signal.aborted) return false;
    const began = performance.now();
    const task = await store.renew(claim, leaseMs);
    renewedAt = began;
    return follow(task);
  };
  const keep = async (): Promise<void> => {
    for (let pauseMs = renewMs; ;) {
      await wakeUp.wait(pauseMs, ended.signal);
      if (ended.signal.aborted || isLost) return;
      try {
        await renew();
        pauseMs = renewMs;
      } catch {
        // The lease may be over by now, but the claim is ours until somebody else has taken it: the fence tells.
        if (performance.now() - renewedAt >= giveUpMs) lose();
        pauseMs = Math.min(renewMs, retryMs);
      }
    }
  };
  const keeping = keep();
  return {
    renew,
    wake: () => wakeUp.wake(),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await keeping;
    },
  };
}

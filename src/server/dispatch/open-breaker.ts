import type { Metrics } from "../../metrics/metrics.ts";
import { beginProbe, breakerRules, closedBreaker, isClaiming, passTime, settle } from "./breaker.ts";
import type { Breaker, BreakerRules, BreakerVerdict } from "./breaker.ts";

/** A breaker that knows the time and tells the metrics. */
export interface OpenBreaker {
  read(): Pick<Breaker, "state" | "failures">;
  /** 0: a task may be claimed now. Milliseconds until it is worth asking again. */
  pauseMs(): number;
  /** A task was claimed; true: it is the one that is tried. */
  begin(): boolean;
  settle(verdict: BreakerVerdict, isProbe: boolean): void;
}

/** While one task is tried the others wait for its end, and look again so often. */
const probeMs = 1_000;

export function openBreaker(metrics: Pick<Metrics, "breakerChanged">, rules: BreakerRules = breakerRules): OpenBreaker {
  let breaker = closedBreaker;
  const change = (next: Breaker): void => {
    const isChanged = next.state !== breaker.state || next.failures !== breaker.failures;
    breaker = next;
    if (isChanged) metrics.breakerChanged(next.state, next.failures);
  };
  const read = (): Breaker => {
    change(passTime(breaker, Date.now()));
    return breaker;
  };
  return {
    read,
    pauseMs() {
      const now = read();
      if (isClaiming(now)) return 0;
      return now.state === "open" ? Math.max(1, now.until - Date.now()) : probeMs;
    },
    begin() {
      change(beginProbe(read()));
      return breaker.isProbing;
    },
    settle: (verdict, isProbe) => change(settle(read(), { verdict, isProbe, now: Date.now() }, rules)),
  };
}

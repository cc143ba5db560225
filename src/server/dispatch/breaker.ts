import type { DispatcherStatus } from "./dispatcher.ts";

/** Keeps tasks in the queue while the surroundings let none run: pure, changed by what ends and by time. */
export interface Breaker {
  readonly state: DispatcherStatus["breaker"]["state"];
  /** Tasks in a row that were prevented. */
  readonly failures: number;
  /** Open: when one may be tried, milliseconds since 1970. */
  readonly until: number;
  /** Half-open: one is being tried. */
  readonly isProbing: boolean;
}

/**
 * What an attempt says of the surroundings. `prevented`: they did not let it run; `ran`: they did; `silent`: it was over before
 * they mattered, or its own request was at fault.
 */
export type BreakerVerdict = "prevented" | "ran" | "silent";

export const breakerRules = { failures: 3, openMs: 30_000 } as const;
export type BreakerRules = { readonly failures: number; readonly openMs: number };

export const closedBreaker: Breaker = { state: "closed", failures: 0, until: 0, isProbing: false };

/** Whether a task may be claimed; where the breaker is half-open, it is the one that is tried. */
export function isClaiming({ state, isProbing }: Breaker): boolean {
  return state === "closed" || (state === "half-open" && !isProbing);
}

export function passTime(breaker: Breaker, now: number): Breaker {
  return breaker.state === "open" && now >= breaker.until ? { ...breaker, state: "half-open" } : breaker;
}

export function beginProbe(breaker: Breaker): Breaker {
  return breaker.state === "half-open" ? { ...breaker, isProbing: true } : breaker;
}

/** What began before the breaker opened says nothing about now, except while it is closed. */
export function settle(
  breaker: Breaker,
  { verdict, isProbe, now }: { readonly verdict: BreakerVerdict; readonly isProbe: boolean; readonly now: number },
  rules: BreakerRules = breakerRules,
): Breaker {
  if (breaker.state === "closed") {
    if (verdict === "ran") return closedBreaker;
    return verdict === "silent" ? breaker : fail(breaker, now, rules);
  }
  if (!isProbe) return breaker;
  if (verdict === "ran") return closedBreaker;
  return verdict === "silent" ? { ...breaker, isProbing: false } : fail(breaker, now, rules);
}

function fail(breaker: Breaker, now: number, rules: BreakerRules): Breaker {
  const failures = breaker.failures + 1;
  if (breaker.state === "closed" && failures < rules.failures) return { ...breaker, failures };
  return { state: "open", failures, until: now + rules.openMs, isProbing: false };
}

import { emptyTimings } from "../../core/empty.ts";
import type { Timings } from "../../core/timings.ts";

const marks = ["begin", "image", "started", "firstEvent", "exited", "imported"] as const;
type Mark = (typeof marks)[number];

/** Notes when an attempt reached each of its points; the first time counts. */
export interface Clock {
  mark(point: Mark): void;
  /** Begins anew: what was reached before counts as reached now. */
  restart(): void;
  timings(): Timings;
}

export function startClock(now: () => number = () => performance.now()): Clock {
  let begin = now();
  const at = new Map<Mark, number>([["begin", begin]]);
  const between = (from: Mark, to: Mark): number => {
    const start = at.get(from);
    const end = at.get(to);
    if (start === undefined || end === undefined) return 0;
    return Math.round(Math.max(0, end - Math.max(start, begin)) * 10) / 10;
  };
  return {
    mark(point) {
      if (!at.has(point)) at.set(point, now());
    },
    restart: () => void (begin = now()),
    timings: () => ({
      ...emptyTimings,
      imageMs: between("begin", "image"),
      startMs: between("image", "started"),
      firstEventMs: between("started", "firstEvent"),
      agentMs: between("started", "exited"),
      importMs: between("exited", "imported"),
    }),
  };
}

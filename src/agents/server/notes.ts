import type { Warning } from "../../core/warning.ts";

/** What is odd about a server and does no harm: counted, told once each. */
export interface Notes {
  /** `message` is that of the first time. */
  add(warning: Warning): void;
  /** What has not been told yet. */
  take(): readonly Warning[];
}

export function createNotes(): Notes {
  const counts = new Map<string, number>();
  let untold: Warning[] = [];
  return {
    add(warning) {
      const count = counts.get(warning.code) ?? 0;
      counts.set(warning.code, count + 1);
      if (count === 0) untold.push(warning);
    },
    take() {
      const taken = untold;
      untold = [];
      return taken;
    },
  };
}

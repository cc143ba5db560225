import type { Outcome } from "../../core/outcome.ts";
import type { StoredRun } from "../../store/store.ts";
import { readLiveness } from "../../util/process-identity.ts";

/**
 * How a run stands: its outcome, or `running`, or `killed` (its process ended without a word), or `elsewhere` (another host
 * carries it out, or was killed), or `damaged`.
 */
export type RunState = Outcome | "running" | "killed" | "elsewhere" | "damaged";

export function readRunState({ record }: StoredRun): RunState {
  if (record === null) return "damaged";
  if (record.outcome !== null) return record.outcome;
  if (record.endedAt !== null) return "killed";
  const states = { alive: "running", gone: "killed", elsewhere: "elsewhere" } as const;
  return states[readLiveness(record)];
}

import type { Outcome } from "../../core/outcome.ts";
import type { RunRecord } from "../../store/run-record.ts";
import type { StoredRun } from "../../store/store.ts";
import { readLiveness } from "../../util/process-identity.ts";

/**
 * How a run stands: its outcome, or `running`, or `killed` (its process ended without a word), or `elsewhere` (another host
 * carries it out, or was killed), or `detached` (a task server carries it out, and nobody here follows it), or `damaged`.
 */
export type RunState = Outcome | "detached" | "running" | "killed" | "elsewhere" | "damaged";

export function readRunState({ record }: StoredRun): RunState {
  if (record === null) return "damaged";
  if (record.outcome !== null) return record.outcome;
  const gone = isCollectable(record) ? "detached" : "killed";
  // Whatever has become of the process that handed it over, on whatever host.
  if (gone === "detached" && record.server?.followed === false) return gone;
  if (record.endedAt !== null) return gone;
  const states = { alive: "running", gone, elsewhere: "elsewhere" } as const;
  return states[readLiveness(record)];
}

/** Whether a server may have what this machine has not fetched. */
export function isCollectable({ server }: RunRecord): boolean {
  return server !== undefined && server.sent && !server.settled;
}

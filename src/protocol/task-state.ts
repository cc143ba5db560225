import { z } from "zod";
import type { Outcome } from "../core/outcome.ts";

/** Where a task of the server is; docs/server.md, "States". */
export const taskStateSchema = z.enum([
  "queued",
  "preparing",
  "running",
  "finalizing",
  "cancelling",
  "succeeded",
  "no_changes",
  "failed",
  "limited",
  "timed_out",
  "cancelled",
  "lost",
]);
export type TaskState = z.infer<typeof taskStateSchema>;

const terminal = ["succeeded", "no_changes", "failed", "limited", "timed_out", "cancelled", "lost"] as const;
export type TerminalState = (typeof terminal)[number];

/** The one table of transitions. Terminal states have none; only a lost lease leads back to `queued`. */
export const transitions: Readonly<Record<TaskState, readonly TaskState[]>> = {
  queued: ["preparing", "cancelled"],
  preparing: ["running", "finalizing", "cancelling", "queued", ...terminal],
  running: ["finalizing", "cancelling", "queued", ...terminal],
  finalizing: ["cancelling", "queued", ...terminal],
  // What had already ended when the wish came ends as it did: cancel answers the truth.
  cancelling: terminal,
  succeeded: [],
  no_changes: [],
  failed: [],
  limited: [],
  timed_out: [],
  cancelled: [],
  lost: [],
};

export function isTerminal(state: TaskState): state is TerminalState {
  return transitions[state].length === 0;
}

/** The state of a task whose run ended so. `unavailable` and `unpublished` are failures; the report says which. */
export function toTerminalState(outcome: Outcome): TerminalState {
  return outcome === "unavailable" || outcome === "unpublished" ? "failed" : outcome;
}

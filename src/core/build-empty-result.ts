import type { AgentResult } from "./agent-event.ts";
import { toOutcome } from "./outcome.ts";
import { toReason } from "./reason.ts";
import { emptyTimings, emptyUsage } from "./empty.ts";
import type { WorkerError } from "./worker-error.ts";

/** How a task ended whose agent has done nothing: refused, cancelled in the queue, or lost. The error's code decides the outcome. */
export function buildEmptyResult(error: WorkerError, agent: string, model: string | null = null): AgentResult {
  return {
    outcome: toOutcome(error.code),
    reason: toReason(error),
    commit: null,
    agent: { name: agent, version: null, model, sessionId: null },
    container: null,
    usage: emptyUsage,
    timings: emptyTimings,
  };
}

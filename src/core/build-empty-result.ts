import type { AgentResult } from "./agent-event.ts";
import type { ErrorCode } from "./error-table.ts";
import { toOutcome } from "./outcome.ts";
import { buildReason } from "./reason.ts";
import { emptyTimings } from "./timings.ts";
import { emptyUsage } from "./usage.ts";

/** How a task ended that nothing came of: cancelled in the queue, or lost. The code decides the outcome. */
export function buildEmptyResult(code: ErrorCode, message: string, agent: string): AgentResult {
  return {
    outcome: toOutcome(code),
    reason: buildReason(code, message),
    commit: null,
    agent: { name: agent, version: null, model: null, sessionId: null },
    container: null,
    usage: emptyUsage,
    timings: emptyTimings,
  };
}

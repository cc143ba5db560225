import { z } from "zod";
import { agentInfoSchema, agentResultSchema, containerInfoSchema } from "../../core/agent-event.ts";
import type { AgentResult } from "../../core/agent-event.ts";
import { errorTable } from "../../core/error-table.ts";
import type { Outcome } from "../../core/outcome.ts";
import { outcomeSchema, reasonSchema } from "../../core/ending-schema.ts";
import { emptyTimings, emptyUsage } from "../../core/empty.ts";
import { buildReason } from "../../core/reason.ts";
import type { Reason } from "../../core/reason.ts";
import type { RunReport } from "../../core/run-report.ts";
import type { Task } from "../../core/task.ts";
import { timingsSchema } from "../../core/timings.ts";
import { usageSchema } from "../../core/usage.ts";
import { commitIdSchema } from "../../protocol/identifiers.ts";
import type { ServerEvent } from "./event-cursor.ts";
import { parseState, toRemoteOutcome } from "./remote-task.ts";
import type { RemoteTask } from "./remote-task.ts";

/** How a task ended on its server. */
export interface Ending {
  readonly result: Omit<AgentResult, "commit">;
  /** null: there is no work; undefined: the server does not say. */
  readonly commit: string | null | undefined;
}

const looseSchema = z.looseObject({
  outcome: z.string().optional().catch(undefined),
  state: z.string().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
  reason: reasonSchema.nullish().catch(undefined),
  commit: commitIdSchema.nullish().catch(undefined),
  agent: agentInfoSchema.optional().catch(undefined),
  container: containerInfoSchema.nullish().catch(undefined),
  usage: usageSchema.optional().catch(undefined),
  timings: timingsSchema.optional().catch(undefined),
});

/** What the `complete` event says; null where it does not say how the task ended. `report` fills in what a plainer one leaves out. */
export function readEnding({ data }: ServerEvent, task: Task): Ending | null {
  const whole = agentResultSchema.safeParse(data).data;
  if (whole !== undefined) {
    const { commit, ...result } = whole;
    return { result: withReason(result), commit };
  }
  const loose = looseSchema.parse(data);
  const outcome = parseOutcome(loose.outcome ?? loose.state ?? loose.status);
  if (outcome === null) return null;
  const { reason = null, agent, container = null, usage = emptyUsage, timings = emptyTimings } = loose;
  const result = { outcome, reason, agent: agent ?? nameAgent(task), container, usage, timings };
  return { result: withReason(result), commit: loose.commit };
}

/** The same from the task's state, and its report where there is one. */
export function toEnding(remote: RemoteTask, report: RunReport | null, task: Task): Ending {
  const outcome = toRemoteOutcome(remote) ?? "unavailable";
  const { reason, agent, container, usage, timings } = report ?? {
    reason: null,
    agent: nameAgent(task),
    container: null,
    usage: emptyUsage,
    timings: emptyTimings,
  };
  const result = { outcome, reason: remote.reason ?? reason, agent, container, usage, timings };
  return { result: withReason(result), commit: remote.commit };
}

function parseOutcome(said: string | undefined): Outcome | null {
  if (said === undefined) return null;
  const known = outcomeSchema.safeParse(said.toLowerCase()).data;
  if (known !== undefined) return known;
  const state = parseState(said);
  return state === undefined ? null : toRemoteOutcome({ state, outcome: null });
}

function nameAgent({ agent, model }: Task): AgentResult["agent"] {
  return { name: agent, version: null, model: model ?? null, sessionId: null };
}

/** Every ending but the good ones has a reason. */
function withReason(result: Ending["result"]): Ending["result"] {
  const { outcome } = result;
  if (result.reason !== null || outcome === "succeeded" || outcome === "no_changes") return result;
  return { ...result, reason: buildOwnReason(outcome) };
}

function buildOwnReason(outcome: Outcome): Reason {
  const code = (
    {
      failed: "AGENT_ERROR",
      limited: "LIMIT_QUOTA",
      unavailable: "TASK_LOST",
      unpublished: "AGENT_ERROR",
      timed_out: "TIMEOUT_WALL",
      cancelled: "CANCELLED",
      succeeded: "INTERNAL",
      no_changes: "INTERNAL",
    } as const
  )[outcome];
  return buildReason(code, "The server does not say why.", errorTable[code].hint);
}

import type { AgentResult } from "../../core/agent-event.ts";
import { toOutcome } from "../../core/outcome.ts";
import { buildReason, toReason } from "../../core/reason.ts";
import type { Reason } from "../../core/reason.ts";
import { emptyTimings } from "../../core/empty.ts";
import type { Usage } from "../../core/usage.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import type { Attempt, Delivered } from "./attempt.ts";
import type { Departure } from "./task-watch.ts";

interface Failed {
  readonly error: unknown;
  /** null: no server has the task, as far as is known. */
  readonly delivered: Delivered | null;
  readonly usage: Usage;
}

/** How a run ends that something kept from its end. */
export function buildFailure(attempt: Attempt, { error, delivered, usage }: Failed): AgentResult {
  const { signal, killSignal } = attempt.context;
  const isSent = delivered !== null || attempt.remote?.sent === true;
  const finish = (reason: Reason): Reason => (isSent ? withResume(reason, attempt.task.runId) : reason);
  if (delivered === null && (signal.aborted || killSignal?.aborted)) {
    const when = isSent ? "while the task was handed to the server" : "before a server had the task";
    const reason = finish(buildReason("CANCELLED", `The run was interrupted ${when}.`));
    return buildNothing(attempt, { outcome: "cancelled", reason, usage });
  }
  const cause = toWorkerError(error);
  const reason = finish(toReason(cause));
  return buildNothing(attempt, { outcome: toOutcome(cause.code), reason, usage });
}

/** The server has the task: what it does there is not lost. */
function withResume(reason: Reason, runId: string): Reason {
  const next = `The task may go on there: agent-worker runs resume ${runId}`;
  const isFinal = reason.code === "SERVER_LOST_TASK" || reason.code.startsWith("IMPORT_");
  return isFinal ? reason : { ...reason, hint: `${reason.hint ?? ""} ${next}`.trim() };
}

interface Departed {
  readonly delivered: Delivered;
  readonly departure: Departure;
  readonly cause: "cancelled" | "late" | null;
  readonly usage: Usage;
}

/** How a run ends whose task goes on without it. */
export function buildDeparture(attempt: Attempt, { delivered, departure, cause, usage }: Departed): AgentResult {
  const { runId } = attempt.task;
  const { host } = delivered.client;
  const told = cause === null ? "goes on" : "was told to stop, and may still go on";
  const waited = departure === "unstopped" ? " Its end did not come in time." : "";
  const message = `The task ${told} at ${host}.${waited}`;
  const hint = `agent-worker runs resume ${runId} follows it again; agent-worker runs collect ${runId} fetches its work.`;
  const isLate = cause === "late";
  const reason = buildReason(isLate ? "TIMEOUT_WALL" : "CANCELLED", message, hint);
  return buildNothing(attempt, { outcome: isLate ? "timed_out" : "cancelled", reason, usage });
}

/** The server did not keep to the time it was given; the client did. */
export function buildLateEnding(result: AgentResult): AgentResult {
  if (result.outcome !== "cancelled") return result;
  const message = "The task's time was up, and the server did not stop it; it was interrupted from here.";
  return { ...result, outcome: "timed_out", reason: buildReason("TIMEOUT_WALL", message) };
}

function buildNothing({ task }: Attempt, end: Pick<AgentResult, "outcome" | "reason" | "usage">): AgentResult {
  return {
    ...end,
    commit: null,
    agent: { name: task.agent, version: null, model: task.model ?? null, sessionId: null },
    container: null,
    timings: emptyTimings,
  };
}

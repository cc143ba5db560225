import type { AgentResult } from "../../core/agent-event.ts";
import { buildEmptyResult } from "../../core/build-empty-result.ts";
import { errorTable } from "../../core/error-table.ts";
import type { ErrorCode } from "../../core/error-table.ts";
import { toExitCode, toOutcome } from "../../core/outcome.ts";
import type { Outcome } from "../../core/outcome.ts";
import { toReason } from "../../core/reason.ts";
import type { Reason } from "../../core/reason.ts";
import type { RunReport } from "../../core/run-report.ts";
import type { WorkerError } from "../../core/worker-error.ts";
import { toTerminalState } from "../../protocol/task-state.ts";
import type { StoredTask, TaskEnding } from "../../store/tasks/task-store.ts";
import type { BreakerVerdict } from "./breaker.ts";

/** How a run ended, before it is stored. */
export interface RunEnd {
  readonly result: AgentResult;
  /** null where no run was begun. */
  readonly report: RunReport | null;
}

/** The end of an attempt that the Runner refused, or that never came as far as the Runner. */
export function buildRefusedEnd({ agent, model }: StoredTask, error: WorkerError): RunEnd {
  return { result: buildEmptyResult(error, agent, model), report: null };
}

/** The work is done, but it could not be made fetchable: then the task has not succeeded, and nothing is promised. */
export function withUnpublished({ result, report }: RunEnd, error: WorkerError): RunEnd {
  const isSucceeded = result.outcome === "succeeded";
  const ending: { readonly outcome: Outcome; readonly reason: Reason | null } = isSucceeded
    ? { outcome: toOutcome(error.code), reason: toReason(error) }
    : { outcome: result.outcome, reason: result.reason };
  const warning = { code: error.code, message: `The work could not be published: ${error.message}` };
  return {
    result: { ...result, ...ending, commit: null },
    report:
      report === null
        ? null
        : {
            ...report,
            ...ending,
            branch: null,
            warnings: [...report.warnings, warning],
            exitCode: isSucceeded ? toExitCode(ending.outcome) : report.exitCode,
          },
  };
}

export function toEnding(
  { result, report }: RunEnd,
  { attempt, base }: { readonly attempt: number; readonly base: string | null },
): TaskEnding {
  return {
    state: toTerminalState(result.outcome),
    result,
    base,
    report: report === null ? null : JSON.stringify({ ...report, executionMode: "server", attempts: attempt }),
    ts: new Date().toISOString(),
  };
}

/** What stands between every task and its run. What one task or one repository can bring about is not here: it must not stop the others. */
const surroundings: ReadonlySet<string> = new Set<ErrorCode>([
  "CREDENTIAL_MISSING",
  "GIT_MISSING",
  "DISK_FULL",
  "STATE_UNWRITABLE",
  "ENGINE_UNAVAILABLE",
  "ENGINE_REMOTE",
  "ENGINE_FAILED",
  "IMAGE_BUILD",
  "IMAGE_NOT_FOUND",
  "CONTAINER_START",
  "CONTAINER_LOST",
  "SELF_TEST",
  "MODEL_CREDENTIAL",
  "MODEL_OVERLOADED",
  "MODEL_UNREACHABLE",
  "MODEL_TIMEOUT",
]);

export function toVerdict({ outcome, reason }: Pick<AgentResult, "outcome" | "reason">): BreakerVerdict {
  if (outcome === "cancelled") return "silent";
  if (outcome !== "unavailable") return "ran";
  return reason !== null && reason.code in errorTable && surroundings.has(reason.code) ? "prevented" : "silent";
}

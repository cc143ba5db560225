import type { ErrorCode } from "../../core/error-table.ts";
import { toOutcome } from "../../core/outcome.ts";
import { buildReason } from "../../core/reason.ts";
import type { AgentEnding, AgentResultLine, Verdict } from "../contained/agent-cli.ts";

/**
 * How the attempt ended. The CLI's own result counts most, then what the host saw; an exit code of 0 alone proves nothing,
 * and `subtype: success` may come with `is_error: true`. Pure.
 */
export function judgeClaude(ending: AgentEnding): Verdict {
  const { facts, stopCause } = ending;
  if (stopCause === "cancelled") return verdict("CANCELLED", "The run was cancelled.");
  if (facts.result !== null) return judgeResult(facts.result, ending);
  return judgeStop(ending) ?? judgeSilence(ending);
}

/** Of a run that the host stopped; null where it did not. */
function judgeStop({ facts, stopCause, modelFailure }: AgentEnding): Verdict | null {
  if (stopCause === "wall-clock") return verdict("TIMEOUT_WALL", "The time limit was reached.");
  if (stopCause === "turns") return outOfTurns(facts.turns);
  if (stopCause !== "idle") return null;
  if (modelFailure !== null) return verdict(modelFailure.code, modelFailure.message, modelFailure.hint);
  return verdict("TIMEOUT_IDLE", "The agent said nothing for too long.");
}

function judgeResult(result: AgentResultLine, ending: AgentEnding): Verdict {
  if (result.kind === "error_max_turns") return outOfTurns(result.turns);
  if (result.kind === "error_max_budget_usd") return verdict("LIMIT_COST", "The agent used up its budget.");
  // A refusal comes with `is_error` too, once the CLI's own second try was refused as well.
  if (result.stopReason === "refusal") return verdict("AGENT_REFUSED", result.text || "The model refused the task.");
  if (result.isError || result.kind !== "success") return judgeErrorResult(result, ending);
  if (ending.facts.turns === 0) return verdict("AGENT_ERROR", "The agent ended without doing a single turn.");
  return judgeExitAfterSuccess(ending);
}

function judgeErrorResult(result: AgentResultLine, ending: AgentEnding): Verdict {
  const { modelFailure } = ending;
  // What the CLI says of being stopped is no error of its own.
  const stopped = judgeStop(ending);
  if (stopped !== null) return stopped;
  if (modelFailure !== null) return verdict(modelFailure.code, modelFailure.message, modelFailure.hint);
  const said = result.text === "" ? "" : `: ${result.text}`;
  const status = result.apiStatus;
  if (status === 401 || status === 403) {
    return verdict("MODEL_CREDENTIAL", `The model endpoint refused the credential (${status})${said}`);
  }
  if (status === 429) return verdict("MODEL_RATE_LIMIT", `The model's rate or usage limit is reached${said}`);
  if (status !== null && status >= 500)
    return verdict("MODEL_OVERLOADED", `The model endpoint failed (${status})${said}`);
  const kind = result.kind === "success" ? "" : ` (${result.kind})`;
  return verdict("AGENT_ERROR", `The agent ended with an error${kind}${said}`);
}

/** A crash after a success is none of ours to hide, unless we ended the CLI because it hung after its result. */
function judgeExitAfterSuccess({ exit, stopCause }: AgentEnding): Verdict {
  if (stopCause !== null || exit === null || exit.code === 0) return { outcome: "succeeded", reason: null };
  if (exit.outOfMemoryKills > 0) return outOfMemory;
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  return verdict("AGENT_ERROR", `The agent reported success but its program ended with ${how}.`);
}

function judgeSilence({ exit, modelFailure, stderrTail }: AgentEnding): Verdict {
  const said = stderrTail === "" ? "" : `: ${stderrTail.slice(-500)}`;
  if (exit === null) return verdict("CONTAINER_LOST", `The container ended before its agent did${said}`);
  if (exit.error !== null) {
    return verdict(
      "CONTAINER_START",
      `The agent CLI could not be started: ${exit.error}`,
      "Check the image given with --image.",
    );
  }
  if (exit.outOfMemoryKills > 0) return outOfMemory;
  if (modelFailure !== null) return verdict(modelFailure.code, modelFailure.message, modelFailure.hint);
  if (exit.signal !== null) return verdict("AGENT_KILLED", `The agent was killed by ${exit.signal}${said}`);
  return verdict("AGENT_NO_RESULT", `The agent ended with exit code ${exit.code} and without a result${said}`);
}

function verdict(code: ErrorCode, message: string, hint?: string): Verdict {
  return { outcome: toOutcome(code), reason: buildReason(code, message, hint) };
}

function outOfTurns(turns: number): Verdict {
  return verdict("LIMIT_TURNS", `The agent used all its turns (${turns}).`);
}

const outOfMemory = verdict("AGENT_OUT_OF_MEMORY", "The agent needed more memory than its container may have.");

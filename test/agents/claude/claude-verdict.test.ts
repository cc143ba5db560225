import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openClaudeReader } from "../../../src/agents/claude/claude-reader.ts";
import { judgeClaude } from "../../../src/agents/claude/claude-verdict.ts";
import type { AgentEnding, AgentResultLine } from "../../../src/agents/contained/agent-cli.ts";
import { createLineSplitter, toTextLine } from "../../../src/util/lines.ts";

const success: AgentResultLine = {
  isError: false,
  kind: "success",
  turns: 2,
  text: "Done.",
  stopReason: "end_turn",
  apiStatus: null,
};
const exit = { code: 0, signal: null, error: null, outOfMemoryKills: 0 };
const modelFailure = { code: "MODEL_UNREACHABLE", message: "The endpoint is down", hint: "Wait" } as const;

function judge(ending: Partial<AgentEnding> & { readonly result?: Partial<AgentResultLine> | null }) {
  const { result, ...rest } = ending;
  const turns = result?.turns ?? success.turns;
  const facts = { sessionId: null, model: null, version: null, turns, toolCalls: {}, costUsd: null };
  return judgeClaude({
    facts: { ...facts, result: result === null ? null : { ...success, ...result } },
    stopCause: null,
    exit,
    modelFailure: null,
    stderrTail: "",
    ...rest,
  });
}

describe("a verdict on an agent that said its result", () => {
  it.each([
    ["success and exit code 0", {}],
    [
      "success, then stopped because it hung",
      { stopCause: "result-seen", exit: { ...exit, code: null, signal: "SIGKILL" } },
    ],
    ["success just before the time was up", { stopCause: "wall-clock", exit: { ...exit, code: 143 } }],
    ["success and a container that was gone before it told the exit code", { exit: null }],
    ["success after a failure of the model that was overcome", { modelFailure }],
  ] as const)("succeeds on %s", (_, ending) => {
    expect(judge(ending)).toEqual({ outcome: "succeeded", reason: null });
  });

  it.each([
    ["LIMIT_TURNS", "all turns used", { result: { kind: "error_max_turns", isError: true } }],
    ["LIMIT_COST", "the budget used", { result: { kind: "error_max_budget_usd", isError: true } }],
    ["AGENT_REFUSED", "a refusal", { result: { stopReason: "refusal" } }],
    ["AGENT_REFUSED", "a refusal that is told as an error", { result: { stopReason: "refusal", isError: true } }],
    ["AGENT_ERROR", "not one turn", { result: { turns: 0 } }],
    ["AGENT_ERROR", "an error without a status", { result: { isError: true } }],
    ["AGENT_ERROR", "an unknown kind of end", { result: { kind: "error_of_tomorrow" } }],
    ["AGENT_ERROR", "a crash after success", { exit: { ...exit, code: 139 } }],
    ["AGENT_ERROR", "a signal after success", { exit: { ...exit, code: null, signal: "SIGSEGV" } }],
    ["AGENT_OUT_OF_MEMORY", "killed for memory after success", { exit: { ...exit, code: 137, outOfMemoryKills: 1 } }],
    ["MODEL_UNREACHABLE", "an error that the gateway explains", { result: { isError: true }, modelFailure }],
    ["MODEL_CREDENTIAL", "status 401", { result: { isError: true, apiStatus: 401 } }],
    ["MODEL_CREDENTIAL", "status 403", { result: { isError: true, apiStatus: 403 } }],
    ["MODEL_RATE_LIMIT", "status 429", { result: { isError: true, apiStatus: 429 } }],
    ["MODEL_OVERLOADED", "status 529", { result: { isError: true, apiStatus: 529 } }],
    ["AGENT_ERROR", "status 400", { result: { isError: true, apiStatus: 400 } }],
    ["TIMEOUT_WALL", "an error of being stopped in time", { result: { isError: true }, stopCause: "wall-clock" }],
    ["TIMEOUT_IDLE", "an error of being stopped while idle", { result: { isError: true }, stopCause: "idle" }],
    ["CANCELLED", "a cancel, whatever was said", { stopCause: "cancelled" }],
  ] as const)("is %s on %s", (code, _, ending) => {
    expect(judge(ending).reason).toMatchObject({ code });
    expect(judge(ending).outcome).not.toBe("succeeded");
  });

  it("repeats what the agent said of its error", () => {
    expect(judge({ result: { isError: true, text: "no such model" } }).reason?.message).toContain("no such model");
  });
});

describe("a verdict on an agent that said no result", () => {
  it.each([
    ["TIMEOUT_WALL", "the wall clock", { stopCause: "wall-clock" }],
    ["TIMEOUT_IDLE", "silence", { stopCause: "idle" }],
    ["MODEL_UNREACHABLE", "silence that the gateway explains", { stopCause: "idle", modelFailure }],
    ["CONTAINER_LOST", "a container that is gone", { exit: null }],
    ["CONTAINER_START", "a CLI that could not be started", { exit: { ...exit, code: null, error: "ENOENT" } }],
    ["AGENT_OUT_OF_MEMORY", "too little memory", { exit: { ...exit, code: 137, outOfMemoryKills: 2 }, modelFailure }],
    ["MODEL_UNREACHABLE", "an end that the gateway explains", { exit: { ...exit, code: 1 }, modelFailure }],
    ["AGENT_KILLED", "a signal", { exit: { ...exit, code: null, signal: "SIGKILL" } }],
    ["AGENT_NO_RESULT", "an exit code of its own", { exit: { ...exit, code: 7 } }],
    ["AGENT_NO_RESULT", "exit code 0, which proves nothing", {}],
  ] as const)("is %s on %s", (code, _, ending) => {
    expect(judge({ result: null, ...ending }).reason).toMatchObject({ code });
  });

  it("repeats the end of stderr, and no more than that", () => {
    const stderrTail = `${"x".repeat(3_000)}the last words`;
    const message = judge({ result: null, exit: { ...exit, code: 7 }, stderrTail }).reason?.message ?? "";
    expect(message).toContain("the last words");
    expect(message.length).toBeLessThan(700);
  });
});

describe("a verdict on a real stream", () => {
  it.each([
    ["write-file", { code: 0, outcome: "succeeded", reason: null }],
    ["edit-and-commit", { code: 0, outcome: "succeeded", reason: null }],
    ["no-changes", { code: 0, outcome: "succeeded", reason: null }],
    ["demo", { code: 0, outcome: "succeeded", reason: null }],
    ["many-tools", { code: 0, outcome: "succeeded", reason: null }],
    ["error-in-stream", { code: 0, outcome: "succeeded", reason: null }],
    ["max-turns", { code: 1, outcome: "limited", reason: "LIMIT_TURNS" }],
    ["refusal", { code: 1, outcome: "failed", reason: "AGENT_REFUSED" }],
    ["unauthorized", { code: 1, outcome: "unavailable", reason: "MODEL_CREDENTIAL" }],
    ["rate-limited", { code: 1, outcome: "limited", reason: "MODEL_RATE_LIMIT" }],
    ["overloaded", { code: 1, outcome: "unavailable", reason: "MODEL_OVERLOADED" }],
    ["server-error", { code: 1, outcome: "unavailable", reason: "MODEL_OVERLOADED" }],
    ["unreachable", { code: 1, outcome: "unavailable", reason: "MODEL_OVERLOADED" }],
    ["connection-refused", { code: 1, outcome: "failed", reason: "AGENT_ERROR" }],
    ["refused", { code: 1, outcome: "failed", reason: "AGENT_ERROR" }],
    ["cut", { code: 1, outcome: "failed", reason: "AGENT_ERROR" }],
    ["timeout", { code: 1, outcome: "failed", reason: "AGENT_ERROR" }],
    ["terminated", { code: 143, outcome: "failed", reason: "AGENT_NO_RESULT" }],
  ] as const)("%s, without the gateway's help: %o", (name, { code, outcome, reason }) => {
    const reader = openClaudeReader();
    const file = new URL(`../../fixtures/stream/${name}.ndjson`, import.meta.url);
    for (const line of createLineSplitter(1e7).push(readFileSync(file))) reader.read(toTextLine(line));
    const verdict = judgeClaude({
      facts: reader.facts(),
      stopCause: null,
      exit: { ...exit, code },
      modelFailure: null,
      stderrTail: "",
    });
    expect([verdict.outcome, verdict.reason?.code ?? null]).toEqual([outcome, reason]);
  });
});

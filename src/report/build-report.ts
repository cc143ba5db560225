import type { AgentResult } from "../core/agent-event.ts";
import type { DiffStat } from "../core/diff-stat.ts";
import { toExitCode } from "../core/outcome.ts";
import type { CancelSignal, Outcome } from "../core/outcome.ts";
import type { Reason } from "../core/reason.ts";
import type { RunReport } from "../core/run-report.ts";
import type { Task } from "../core/task.ts";
import type { Warning } from "../core/warning.ts";

/** All that is known of a run when it has ended. */
export interface RunFacts {
  readonly runId: string;
  readonly task: Task;
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  /** Decides between exit codes 130 and 143. */
  readonly cancelSignal: CancelSignal | undefined;
  readonly executionMode: RunReport["executionMode"];
  readonly result: AgentResult;
  readonly repository: RunReport["repository"];
  readonly branch: RunReport["branch"];
  readonly stats: DiffStat;
  readonly warnings: readonly Warning[];
  /** The phase that the agent does not know. */
  readonly prepareMs: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly attempts: number;
}

export function buildReport(facts: RunFacts): RunReport {
  const { task, result, startedAt, endedAt } = facts;
  return {
    schema: "agent-worker/report/1",
    runId: facts.runId,
    task: { prompt: decodePrompt(task.prompt), title: task.title },
    outcome: facts.outcome,
    reason: facts.reason,
    executionMode: facts.executionMode,
    agent: result.agent,
    container: result.container,
    repository: facts.repository,
    branch: facts.branch,
    stats: facts.stats,
    usage: result.usage,
    gates: [],
    timings: {
      ...result.timings,
      prepareMs: facts.prepareMs,
      // The clock may be set back during a run; a time below zero would be no report at all.
      totalMs: Math.max(0, endedAt.getTime() - startedAt.getTime()),
    },
    attempts: facts.attempts,
    warnings: [...facts.warnings],
    startedAt: startedAt.toISOString(),
    endedAt: endedAt.toISOString(),
    exitCode: toExitCode(facts.outcome, facts.cancelSignal),
  };
}

/** Bytes that are not UTF-8 become U+FFFD; a byte order mark is part of the prompt. */
function decodePrompt(prompt: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(prompt);
}

import { emptyDiffStat, emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import type { FileStat } from "../../src/core/diff-stat.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Reason } from "../../src/core/reason.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { RunFacts } from "../../src/report/build-report.ts";

const modified = (path: string, insertions: number, deletions: number): FileStat => ({
  path,
  status: "modified",
  insertions,
  deletions,
  binary: false,
});

const files: FileStat[] = [
  modified("package.json", 4, 4),
  { ...modified("eslint.config.js", 58, 0), status: "added" },
  { ...modified(".eslintrc.json", 0, 41), status: "deleted" },
  modified("src/components/navigation/breadcrumbs/BreadcrumbsWithOverflowMenuAndTooltip.test.tsx", 12, 9),
  { ...modified("src/lint/rules.ts", 3, 1), status: "renamed", from: "src/rules.ts" },
  { path: "docs/lint.png", status: "modified", insertions: null, deletions: null, binary: true },
  modified("src/app.ts", 1, 1),
  modified("src/server.ts", 120, 64),
  modified("src/store.ts", 22, 3),
  modified("src/view.ts", 2, 2),
];

export const sampleFacts: RunFacts = {
  runId: "01M7XDWCGGKCTEQ3CC52S5N1RC",
  task: {
    runId: "01M7XDWCGGKCTEQ3CC52S5N1RC",
    prompt: Buffer.from("Upgrade eslint to 9 and fix what breaks\n\nKeep the rules as they are."),
    title: "Upgrade eslint to 9 and fix what breaks",
    agent: "claude",
    model: undefined,
    limits: { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 1_800_000 },
  },
  outcome: "succeeded",
  reason: null,
  cancelSignal: undefined,
  executionMode: "cli",
  result: {
    outcome: "succeeded",
    reason: null,
    commit: "3f9c2ab81d0e4f5a6b7c8d9e0f1a2b3c4d5e6f70",
    agent: { name: "claude", version: "2.1.329", model: "claude-sonnet-5", sessionId: "5e0e1b1e" },
    container: null,
    usage: {
      turns: 14,
      inputTokens: 12_345,
      outputTokens: 2_110,
      cacheReadTokens: 180_400,
      cacheWriteTokens: 9_800,
      costUsd: 0.0421,
      toolCalls: { Edit: 9, Read: 12, Bash: 3 },
    },
    timings: {
      totalMs: 0,
      prepareMs: 0,
      imageMs: 12,
      startMs: 420,
      firstEventMs: 380,
      agentMs: 70_300,
      importMs: 130,
    },
  },
  repository: {
    path: "/home/ann/project",
    base: { ref: "refs/heads/main", sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d" },
  },
  branch: { name: "agent/upgrade-eslint-to-9-5N1RC0", head: "3f9c2ab81d0e4f5a6b7c8d9e0f1a2b3c4d5e6f70" },
  stats: { commits: 2, filesChanged: 10, insertions: 222, deletions: 125, files, truncated: false },
  warnings: [],
  prepareMs: 61,
  startedAt: new Date("2026-01-02T03:04:05.678Z"),
  endedAt: new Date("2026-01-02T03:05:17.978Z"),
  attempts: 1,
};

const nothing = { branch: null, stats: emptyDiffStat } as const;
const partial = {
  stats: { ...emptyDiffStat, commits: 1, filesChanged: 1, insertions: 58, files: files.slice(1, 2) },
} as const;
const notStarted = {
  commit: null,
  agent: { name: "claude", version: null, model: null, sessionId: null },
  container: null,
  usage: emptyUsage,
  timings: emptyTimings,
};

const because = (code: string, message: string, hint: string | null): { reason: Reason } => ({
  reason: { code, message, hint },
});

const changes: Record<Outcome, Partial<RunFacts>> = {
  succeeded: {
    warnings: [
      { code: "WORKFLOW_CHANGED", message: "The branch changes .github/workflows/ci.yml: look before you push" },
    ],
  },
  no_changes: nothing,
  failed: {
    ...partial,
    ...because(
      "AGENT_ERROR",
      "The agent ended with an error: API Error: 400 messages.3: the tool result is missing",
      "The branch holds what was done until then. Read the log, then run the task again.",
    ),
  },
  limited: { ...partial, ...because("LIMIT_TURNS", "The agent reached its limit of 20 turns", null) },
  unavailable: {
    ...nothing,
    result: { ...sampleFacts.result, ...notStarted },
    attempts: 0,
    ...because(
      "ENGINE_UNAVAILABLE",
      "No Docker engine answers at unix:///var/run/docker.sock: connection refused",
      "Start it: sudo systemctl start docker",
    ),
  },
  unpublished: {
    branch: null,
    ...because(
      "BRANCH_MOVED",
      "The branch agent/upgrade-eslint-to-9-5N1RC0 was moved to 9a8b7c6d5e4f during the run.",
      "The work is kept: make a branch of it.",
    ),
  },
  timed_out: { ...partial, ...because("TIMEOUT_WALL", "The time limit of 30m was reached", "Raise --timeout.") },
  cancelled: {
    ...partial,
    ...because("CANCELLED", "Cancelled by SIGINT", "The branch holds what was done until then."),
  },
};

function build(outcome: Outcome): RunReport {
  return buildReport({ ...sampleFacts, outcome, ...changes[outcome] });
}

/** A report of each ending. */
export const samples: Readonly<Record<Outcome, RunReport>> = {
  succeeded: build("succeeded"),
  no_changes: build("no_changes"),
  failed: build("failed"),
  limited: build("limited"),
  unavailable: build("unavailable"),
  unpublished: build("unpublished"),
  timed_out: build("timed_out"),
  cancelled: build("cancelled"),
};

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AgentEvent, AgentResult } from "../../src/core/agent-event.ts";
import type { Agent, AgentContext } from "../../src/core/agent.ts";
import type { RunEvent } from "../../src/core/run-event.ts";
import type { RunRequest } from "../../src/core/runner.ts";
import { runReportSchema } from "../../src/core/run-report.ts";
import { emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import { WorkerError } from "../../src/core/worker-error.ts";
import type { Repository } from "../../src/git/repository.ts";
import { openStore } from "../../src/store/store.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { createRunner } from "../../src/worker/run-task.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";
import type { TestRepository } from "../support/repository.ts";

type Act = (context: AgentContext<Repository>) => AsyncIterable<AgentEvent>;

const never = new AbortController().signal;
const done: AgentResult = {
  outcome: "succeeded",
  reason: null,
  commit: null,
  agent: { name: "test", version: "1", model: "m", sessionId: "s" },
  container: null,
  usage: { ...emptyUsage, turns: 2 },
  timings: { ...emptyTimings, agentMs: 5 },
};
const complete = (result: Partial<AgentResult> = {}): AgentEvent => ({
  type: "complete",
  data: { ...done, ...result },
});

/** A commit on the base, kept under the run's own ref as an import leaves it. */
function commitWork(repository: TestRepository, context: AgentContext<Repository>, runId: string): string {
  const tree = repository.git("rev-parse", `${context.base}^{tree}`);
  const commit = repository.git("commit-tree", tree, "-p", context.base, "-m", "the work");
  repository.git("update-ref", `refs/agent-worker/${runId}`, commit);
  return commit;
}

async function run(act: Act, options: { repository?: TestRepository; signal?: AbortSignal; runId?: string } = {}) {
  using own = makeRepository();
  using state = makeDirectory();
  using runtime = makeDirectory();
  const { repository = own, signal = never, runId = createUlid() } = options;
  const store = openStore(state.path);
  const agent: Agent<Repository> = { name: "test", run: (_, context) => act(context) };
  const runner = createRunner({
    agent,
    executionMode: "cli",
    git: { ...gitSettings, identity: { name: "A", email: "a@b" } },
    store,
    runtimeParent: runtime.path,
    redact: (text) => text,
  });
  const limits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 1_000 };
  const request: RunRequest = {
    task: { runId, prompt: Buffer.from("Do it"), title: "Do it", agent: "test", model: undefined, limits },
    repository: repository.path,
    base: "HEAD",
    branch: "work",
    onBranchExists: "fail",
    warnings: [],
  };
  const events: RunEvent[] = [];
  const report = await runner(request, { signal, onEvent: (event) => void events.push(event) });
  const { record, paths } = await store.readRun(runId);
  const stored = readFileSync(paths.events, "utf8").trim().split("\n");
  return {
    report,
    events,
    record,
    stored: stored.map((line): RunEvent => JSON.parse(line)),
    kept: JSON.parse(readFileSync(paths.report, "utf8")),
    refs: repository.git("for-each-ref", "--format=%(refname)").split("\n"),
    left: readdirSync(runtime.path),
  };
}

describe("a run", () => {
  it("gives every event to its listener and to the log, in one sequence, with complete as the last", async () => {
    const { report, events, stored, kept, record } = await run(async function* () {
      yield { type: "message", data: { text: "hello" } };
      yield { type: "usage", data: { ...emptyUsage, turns: 1 } };
      yield complete();
    });
    expect(events.map(({ type }) => type)).toEqual(["run.started", "message", "usage", "complete"]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(stored).toEqual(events);
    expect(runReportSchema.parse(report)).toEqual(kept);
    expect(report).toMatchObject({ outcome: "no_changes", branch: null, agent: { sessionId: "s" } });
    expect(record).toMatchObject({ outcome: "no_changes", endedAt: report.endedAt });
  });

  it("reserves the branch before the agent starts and moves it to its commit", async () => {
    using repository = makeRepository();
    const runId = createUlid();
    const { report, refs } = await run(
      async function* (context) {
        expect(repository.git("rev-parse", "work")).toBe(context.base);
        yield complete({ commit: commitWork(repository, context, runId) });
      },
      { repository, runId },
    );
    expect(report).toMatchObject({ outcome: "succeeded", branch: { name: "work" }, stats: { commits: 1 } });
    expect(refs).toEqual(["refs/heads/main", "refs/heads/work"]);
  });

  it("ends with the outcome of the publication, also in its last event", async () => {
    using repository = makeRepository();
    const runId = createUlid();
    const { report, events, refs } = await run(
      async function* (context) {
        const commit = commitWork(repository, context, runId);
        repository.git("branch", "-f", "work", commit);
        repository.git("commit", "-q", "--allow-empty", "-m", "meanwhile");
        repository.git("branch", "-f", "work", "main");
        yield complete({ commit });
      },
      { repository, runId },
    );
    expect(report).toMatchObject({ outcome: "unpublished", exitCode: 5, reason: { code: "BRANCH_MOVED" } });
    expect(events.at(-1)).toMatchObject({ type: "complete", data: { outcome: "unpublished" } });
    expect(refs).toEqual([`refs/agent-worker/${runId}`, "refs/heads/main", "refs/heads/work"]);
  });

  it("that failed keeps its reason when its branch has moved, and warns where the partial work is", async () => {
    using repository = makeRepository();
    const runId = createUlid();
    const { report, refs } = await run(
      async function* (context) {
        const commit = commitWork(repository, context, runId);
        repository.git("update-ref", "-d", "refs/heads/work");
        const reason = { code: "LIMIT_TURNS", message: "no turns left", hint: null };
        yield complete({ outcome: "limited", reason, commit });
      },
      { repository, runId },
    );
    expect(report).toMatchObject({ outcome: "limited", exitCode: 3, reason: { code: "LIMIT_TURNS" }, branch: null });
    expect(report.warnings).toEqual([
      { code: "BRANCH_MOVED", message: expect.stringContaining(`refs/agent-worker/${runId}`) },
    ]);
    expect(refs).toContain(`refs/agent-worker/${runId}`);
  });

  it("tells warnings and the error as events before the last one, which has the report's figures", async () => {
    using repository = makeRepository();
    const runId = createUlid();
    const { report, events } = await run(
      async function* (context) {
        const commit = commitWork(repository, context, runId);
        yield complete({ outcome: "failed", reason: { code: "AGENT_ERROR", message: "broke", hint: "try" }, commit });
        throw new WorkerError("ENGINE_FAILED", "the container is stuck");
      },
      { repository, runId },
    );
    expect(events.map(({ type }) => type)).toEqual(["run.started", "warning", "error", "complete"]);
    expect(events[2]?.data).toEqual({ code: "AGENT_ERROR", message: "broke" });
    expect(events.at(-1)?.data).toMatchObject({ timings: report.timings, usage: report.usage });
  });

  it.each([
    ["that fails on purpose", new WorkerError("ENGINE_UNAVAILABLE", "no engine"), "ENGINE_UNAVAILABLE"],
    ["that breaks", new TypeError("x is not a function"), "INTERNAL"],
  ])("of an agent %s becomes a report, and leaves no branch and no directory", async (_, error, code) => {
    const { report, refs, left, record } = await run(async function* () {
      yield { type: "message", data: { text: "hello" } };
      throw error;
    });
    expect(report).toMatchObject({ outcome: "unavailable", exitCode: 4, reason: { code }, branch: null });
    expect(refs).toEqual(["refs/heads/main"]);
    expect(left).toEqual([]);
    expect(record?.endedAt).not.toBeNull();
  });

  it("of an agent that ends without a word is INTERNAL", async () => {
    const { report, events } = await run(async function* () {});
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "INTERNAL" } });
    expect(events.at(-1)?.type).toBe("complete");
  });

  it("keeps its outcome when something could not be taken down, and warns", async () => {
    using repository = makeRepository();
    const runId = createUlid();
    const { report } = await run(
      async function* (context) {
        yield complete({ commit: commitWork(repository, context, runId) });
        throw new WorkerError("ENGINE_FAILED", "the container is stuck");
      },
      { repository, runId },
    );
    expect(report).toMatchObject({ outcome: "succeeded", branch: { name: "work" } });
    expect(report.warnings).toEqual([{ code: "CLEANUP_FAILED", message: "the container is stuck" }]);
  });

  it("repeats the agent's warnings and its last usage in the report", async () => {
    const { report } = await run(async function* () {
      yield { type: "warning", data: { code: "SOMETHING", message: "odd" } };
      yield complete();
    });
    expect(report.warnings).toContainEqual({ code: "SOMETHING", message: "odd" });
    expect(report).toMatchObject({ usage: { turns: 2 }, timings: { agentMs: 5 } });
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("cancelled by %s ends with exit code %i and keeps the work", async (signal, exitCode) => {
    using repository = makeRepository();
    const runId = createUlid();
    const abort = new AbortController();
    const { report } = await run(
      async function* (context) {
        abort.abort(signal);
        expect(context.signal.aborted).toBe(true);
        const reason = { code: "CANCELLED", message: "cancelled", hint: null };
        yield complete({ outcome: "cancelled", reason, commit: commitWork(repository, context, runId) });
      },
      { repository, runId, signal: abort.signal },
    );
    expect(report).toMatchObject({ outcome: "cancelled", exitCode, branch: { name: "work" } });
  });

  it("gives the agent a private directory that is gone afterwards", async () => {
    let given = "";
    const { left } = await run(async function* (context) {
      given = context.runtimeDirectory;
      yield complete();
    });
    expect(given).toContain("agent-worker-");
    expect(left).toEqual([]);
  });
});

import { join } from "node:path";
import { expect, it } from "vitest";
import type { AgentEvent } from "../../src/core/agent-event.ts";
import type { AgentContext } from "../../src/core/agent.ts";
import { emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import { WorkerError } from "../../src/core/worker-error.ts";
import type { Repository } from "../../src/git/repository.ts";
import { openStore } from "../../src/store/store.ts";
import { createRunner } from "../../src/worker/run-task.ts";
import { listProcesses } from "../support/list-processes.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";
import { buildTestRequest } from "../support/server-world.ts";

const complete = (commit: string | null): AgentEvent => ({
  type: "complete",
  data: {
    outcome: "succeeded",
    reason: null,
    commit,
    agent: { name: "test", version: "1", model: "m", sessionId: "s" },
    container: null,
    usage: emptyUsage,
    timings: emptyTimings,
  },
});

it.each([
  ["a commit", "succeeded", 1],
  ["no commit", "no_changes", 0],
  ["a failure", "unavailable", 0],
  ["a cancel", "cancelled", 0],
])("gets git ready while the work is collected, and leaves none of it after %s", async (_, outcome, commits) => {
  using repository = makeRepository();
  using state = makeDirectory();
  const request = buildTestRequest(repository.path);
  const abort = new AbortController();
  const list = () => listProcesses(join(repository.path, ".git"));
  let ready: readonly string[] = [];
  async function* work({ base, signal }: AgentContext<Repository>): AsyncGenerator<AgentEvent> {
    expect(list()).toEqual([]);
    yield { type: "progress", data: { phase: "collect" } };
    ready = list();
    if (outcome === "unavailable") throw new WorkerError("ENGINE_FAILED", "the engine is gone");
    if (outcome === "cancelled") abort.abort("SIGINT");
    if (signal.aborted) throw new WorkerError("CANCELLED", "cancelled");
    const head = commits === 0 ? null : repository.git("commit-tree", `${base}^{tree}`, "-p", base, "-m", "the work");
    if (head !== null) repository.git("update-ref", `refs/agent-worker/${request.task.runId}`, head);
    yield complete(head);
  }
  const runner = createRunner({
    agent: { name: "test", run: (__, context) => work(context) },
    executionMode: "cli",
    git: gitSettings,
    store: openStore(state.path),
    runtimeParent: state.path,
    redact: (text) => text,
  });
  const report = await runner(request, { signal: abort.signal, onEvent: () => {} });
  expect(report).toMatchObject({ outcome, stats: { commits } });
  expect(ready).toHaveLength(3);
  expect(list()).toEqual([]);
});

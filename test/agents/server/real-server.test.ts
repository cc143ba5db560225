import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../../src/core/agent-event.ts";
import type { AgentContext } from "../../../src/core/agent.ts";
import { buildReason } from "../../../src/core/reason.ts";
import type { RunReport } from "../../../src/core/run-report.ts";
import type { Task } from "../../../src/core/task.ts";
import type { Repository } from "../../../src/git/repository.ts";
import { isTerminal } from "../../../src/protocol/task-state.ts";
import { createRunner } from "../../../src/worker/run-task.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";
import { buildTestRequest, openClientWorld } from "../../support/server-world.ts";
import { snapshotCheckout } from "../../support/snapshot-checkout.ts";
import { buildComplete, makeWork, startTestServer } from "../../support/task-server.ts";
import type { Act } from "../../support/task-server.ts";

/** Commits what CI would run, and says what it did. */
async function* changeWorkflow(task: Task, context: AgentContext<Repository>): AsyncGenerator<AgentEvent> {
  const { repository, base } = context;
  const git = (args: readonly string[], input?: string): string =>
    runTestGit(repository.gitDirectory, args, input).toString("utf8").trimEnd();
  yield { type: "agent.started", data: { sessionId: "s", model: "m", version: "1" } };
  yield { type: "tool_use", data: { id: "1", name: "Write", input: { file_path: "ci.yml" } } };
  yield { type: "warning", data: { code: "WORKSPACE_DELETED", message: "as the agent says" } };
  const blob = git(["hash-object", "-w", "--stdin"], "on: push\n");
  const workflows = git(["mktree"], `100644 blob ${blob}\tci.yml\n`);
  const github = git(["mktree"], `040000 tree ${workflows}\tworkflows\n`);
  const tree = git(["mktree"], `040000 tree ${github}\t.github\n${git(["ls-tree", base])}\n`);
  const commit = git(["commit-tree", tree, "-p", base, "-m", task.title]);
  git(["update-ref", `refs/agent-worker/${task.runId}`, commit]);
  yield buildComplete({ commit });
}

/** Works until it is told to stop; what it has done is kept. */
async function* workUntilStopped(task: Task, context: AgentContext<Repository>): AsyncGenerator<AgentEvent> {
  yield { type: "agent.started", data: { sessionId: null, model: "m", version: "1" } };
  yield { type: "message", data: { text: "working" } };
  const commit = makeWork(task, context);
  if (!context.signal.aborted) await once(context.signal, "abort");
  yield buildComplete({ outcome: "cancelled", reason: buildReason("CANCELLED", "It was stopped."), commit });
}

/** On a server that does not enforce the time. */
const ignoreTime: Act = (task, context) =>
  workUntilStopped({ ...task, limits: { ...task.limits, timeoutMs: 1e9 } }, context);

/** Without what must differ: ids, times, the mode. */
function compare(report: RunReport): object {
  const { runId: _id, executionMode: _mode, startedAt: _start, endedAt: _end, branch, timings, ...rest } = report;
  return { ...rest, branch: branch === null ? null : "a branch", timings: Object.keys(timings) };
}

describe("a run in server mode", () => {
  it("brings the server's commit to a branch and tells what happened there", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const { report, events } = await world.run([server.url]);
    expect(report).toMatchObject({ outcome: "succeeded", reason: null, executionMode: "server", exitCode: 0 });
    expect(world.repository.git("log", "--format=%s", "main..", report.branch?.name ?? "")).toBe("Write a file");
    const types = events.map(({ type }) => type);
    expect(types).toEqual(["run.started", "progress", "agent.started", "message", "progress", "complete"]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.repository.git("for-each-ref", "refs/agent-worker")).toBe("");
  });

  it("reports as a run in cli mode does, but for ids, times and the mode", async () => {
    await using server = await startTestServer({ act: changeWorkflow });
    await using world = openClientWorld();
    const remote = await world.run([server.url]);
    using runtime = makeDirectory("aw-");
    const local = createRunner({
      agent: { name: "claude", run: changeWorkflow },
      executionMode: "cli",
      git: gitSettings,
      store: world.store,
      runtimeParent: runtime.path,
      redact: (text) => text,
    });
    const { signal } = new AbortController();
    const report = await local(buildTestRequest(world.repository.path), { signal, onEvent: () => undefined });
    expect(compare(remote.report)).toEqual(compare(report));
    expect(report.warnings.map(({ code }) => code)).toEqual(["WORKSPACE_DELETED", "CHANGES_WORKFLOWS"]);
  });

  it("leaves no branch where nothing was changed, and says why where the agent failed", async () => {
    const reason = buildReason("AGENT_ERROR", "It fell over.");
    const endings: [Act, object][] = [
      [
        async function* () {
          yield buildComplete();
        },
        { outcome: "no_changes", reason: null, branch: null },
      ],
      [
        async function* (task, context) {
          yield buildComplete({ outcome: "failed", reason, commit: makeWork(task, context) });
        },
        { outcome: "failed", reason, stats: { commits: 1 }, exitCode: 1 },
      ],
    ];
    for (const [act, expected] of endings) {
      await using server = await startTestServer({ act });
      await using world = openClientWorld();
      const { report } = await world.run([server.url]);
      expect(report).toMatchObject(expected);
    }
  });

  it("pushes the base once: the next run sends nothing", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    await world.run([server.url]);
    const { events } = await world.run([server.url]);
    expect(events.filter((event) => event.type === "progress" && event.data.phase === "push")).toEqual([]);
  });

  it("works from shallow, bare and linked repositories, and leaves them as they were", async () => {
    await using server = await startTestServer();
    using scratch = makeDirectory();
    using origin = makeRepository({ "a.txt": "one\n" });
    for (const name of ["two", "three"]) origin.commit({ "a.txt": `${name}\n` }, name);
    runTestGit(scratch.path, ["clone", "--quiet", "--depth=1", `file://${origin.path}`, "shallow"]);
    runTestGit(scratch.path, ["clone", "--quiet", "--bare", `file://${origin.path}`, "bare.git"]);
    origin.git("worktree", "add", "--quiet", join(scratch.path, "linked"), "-b", "other");
    const paths = ["shallow", "bare.git", "linked"].map((name) => join(scratch.path, name));
    for (const path of paths) {
      await using world = openClientWorld(attachRepository(path));
      const isShallow = (): string => runTestGit(path, ["rev-parse", "--is-shallow-repository"]).toString();
      const before = isShallow();
      const { report } = await world.run([server.url]);
      expect([path, report.outcome, report.reason]).toEqual([path, "succeeded", null]);
      expect(isShallow()).toBe(before);
      expect(runTestGit(path, ["fsck", "--connectivity-only", report.branch?.name ?? ""]).toString()).toBe("");
    }
  });

  it("obeys neither the configuration nor the hooks of the repository, and changes nothing but the branch", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const { repository } = world;
    const hook = '#!/bin/sh\ntouch "$0.ran"\nexit 1\n';
    for (const name of ["pre-push", "post-checkout", "reference-transaction", "pre-auto-gc"]) {
      writeFileSync(join(repository.path, ".git/hooks", name), hook, { mode: 0o755 });
    }
    repository.git("config", "url.http://127.0.0.1:9/.insteadOf", server.url);
    repository.git("config", "http.proxy", "http://127.0.0.1:9");
    repository.git("config", "push.default", "nothing");
    repository.git("config", "core.sshCommand", "false");
    const before = snapshotCheckout(repository.path);
    const { report } = await world.run([server.url]);
    expect([report.outcome, report.reason]).toEqual(["succeeded", null]);
    expect(snapshotCheckout(repository.path)).toEqual(before);
  });
});

describe("an interrupted run in server mode", () => {
  it("stops the task and brings its partial work in", async () => {
    await using server = await startTestServer({ act: workUntilStopped });
    await using world = openClientWorld();
    const abort = new AbortController();
    const { report } = await world.run([server.url], {
      options: {
        signal: abort.signal,
        onEvent: (event) => (event.type === "message" ? abort.abort("SIGTERM") : undefined),
      },
    });
    expect(report).toMatchObject({ outcome: "cancelled", exitCode: 143, stats: { commits: 1 } });
    expect(report.branch).not.toBeNull();
    const { tasks } = await server.store.list({
      owner: "alice",
      states: [],
      labels: [],
      parent: undefined,
      limit: 9,
      cursor: undefined,
    });
    expect(tasks.map(({ state }) => state)).toEqual(["cancelled"]);
  });

  it("stops the task itself where the server lets it run too long", async () => {
    await using server = await startTestServer({ act: ignoreTime });
    await using world = openClientWorld();
    const { report } = await world.run([server.url], { timeoutMs: 20, patience: { lateMs: 20 } });
    expect(report).toMatchObject({
      outcome: "timed_out",
      exitCode: 124,
      reason: { code: "TIMEOUT_WALL" },
      stats: { commits: 1 },
    });
  });

  it("is not begun where it is interrupted before", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const abort = new AbortController();
    const { report } = await world.run([server.url], {
      options: { signal: abort.signal, onEvent: () => abort.abort("SIGINT") },
    });
    expect(report).toMatchObject({ outcome: "cancelled", exitCode: 130, branch: null });
    expect(report.reason?.hint).not.toContain("resume");
  });

  it("leaves the task running after a second signal, and says so", async () => {
    await using server = await startTestServer({
      act: async function* (task, context) {
        yield { type: "message", data: { text: "working" } };
        await once(context.signal, "abort");
        yield buildComplete({ commit: makeWork(task, context) });
      },
    });
    await using world = openClientWorld();
    const kill = new AbortController();
    const { report } = await world.run([server.url], {
      options: {
        killSignal: kill.signal,
        onEvent: (event) => (event.type === "message" ? kill.abort("SIGINT") : undefined),
      },
    });
    expect(report).toMatchObject({ outcome: "cancelled", branch: null, reason: { code: "CANCELLED" } });
    expect(report.reason?.message).toContain("goes on at");
    const { record } = await world.store.readRun(report.runId);
    expect(record?.server).toMatchObject({ url: server.url, sent: true, settled: false });
    const task = await server.store.read(record?.server?.taskId ?? "");
    expect(isTerminal(task?.state ?? "lost")).toBe(false);
  });
});

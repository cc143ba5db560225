import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { TaskState } from "../../../src/protocol/task-state.ts";
import { makeDirectory, makeRepository } from "../../support/repository.ts";
import type { TestRepository } from "../../support/repository.ts";
import { buildComplete, makeWork, startTestServer, testKeys } from "../../support/task-server.ts";
import type { Act, TestServer } from "../../support/task-server.ts";

const program = new URL("../../../bin/agent-worker.js", import.meta.url).pathname;

interface Called {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user with a repository and a server; there is no container engine and no model. */
interface UserWorld extends AsyncDisposable {
  readonly server: TestServer;
  readonly repository: TestRepository;
  readonly state: string;
  start(...argv: readonly string[]): { readonly kill: (name: NodeJS.Signals) => void; readonly ended: Promise<Called> };
  call(...argv: readonly string[]): Promise<Called>;
  /** Lets the agent of `workUntilReleased` end. */
  release(): void;
  /** Once the only task is in this state. */
  reach(state: TaskState): Promise<void>;
  /** Resolves when that agent has begun. */
  readonly begun: Promise<void>;
}

async function openUserWorld(act?: Act): Promise<UserWorld> {
  const stack = new AsyncDisposableStack();
  const released = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const held: Act = async function* (task, context) {
    yield { type: "agent.started", data: { sessionId: null, model: "m", version: "1" } };
    begun.resolve();
    await released.promise;
    yield buildComplete({ commit: makeWork(task, context) });
  };
  const server = stack.use(await startTestServer({ act: act ?? held }));
  const repository = stack.use(makeRepository());
  const home = stack.use(makeDirectory("aw-home-"));
  const state = join(home.path, "state");
  const environment = {
    PATH: process.env["PATH"],
    HOME: home.path,
    XDG_RUNTIME_DIR: "/tmp",
    AGENT_WORKER_STATE_DIR: state,
    CLAUDE_SERVER_URL: server.url,
    CLAUDE_SERVER_API_KEY: testKeys.alice,
    DOCKER_HOST: "tcp://127.0.0.1:9",
  };
  const start: UserWorld["start"] = (...argv) => {
    const child = spawn(process.execPath, [program, ...argv], {
      cwd: repository.path,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
      ([stdout, stderr]) => ({ exitCode: child.exitCode, stdout, stderr }),
    );
    return { kill: (name) => void child.kill(name), ended };
  };
  return {
    server,
    repository,
    state,
    start,
    call: (...argv) => start(...argv).ended,
    release: () => released.resolve(),
    async reach(state) {
      const { store } = server;
      const query = { owner: "alice", states: [], labels: [], parent: undefined, limit: 1, cursor: undefined };
      for (;;) {
        const [task] = (await store.list(query)).tasks;
        if (task?.state === state) return;
        await store.waitForChange(task?.id ?? "", 100, new AbortController().signal);
      }
    },
    begun: begun.promise,
    [Symbol.asyncDispose]: () => {
      // A server waits for what it carries out.
      released.resolve();
      return stack.disposeAsync();
    },
  };
}

const commit: Act = async function* (task, context) {
  yield { type: "message", data: { text: "I will add a file." } };
  yield buildComplete({ commit: makeWork(task, context) });
};

function readEvents(state: string, runId: string): readonly { seq: number; type: string }[] {
  const lines = readFileSync(join(state, "runs", runId, "events.ndjson"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line));
}

describe("agent-worker in server mode", () => {
  it("carries out a task whole, without a container engine and without a credential of the model", async () => {
    await using world = await openUserWorld(commit);
    const { exitCode, stdout, stderr } = await world.call(
      ..."--execution-mode server --task Hello --output json --quiet".split(" "),
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ outcome: "succeeded", executionMode: "server", stats: { filesChanged: 1 } });
    expect(world.repository.git("show", `${report.branch.name}:work.txt`)).toBe("Hello");
  });

  it("submits, waits and collects", async () => {
    await using world = await openUserWorld();
    const submitted = await world.call("runs", "submit", "--task", "Hello");
    const runId = submitted.stdout.trim();
    expect([submitted.exitCode, runId]).toEqual([0, expect.stringMatching(/^[0-9A-Z]{26}$/)]);
    const branch = /for the branch (\S+)\./.exec(submitted.stderr)?.[1] ?? "";
    expect(world.repository.git("rev-list", "--count", `main..${branch}`)).toBe("0");
    expect((await world.call("runs", "list")).stdout).toContain("detached");
    const early = await world.call("runs", "collect", runId);
    expect([early.exitCode, early.stdout]).toEqual([4, ""]);
    expect(early.stderr).toContain(`${runId}: not finished`);
    expect((await world.call("runs", "clean", runId)).stderr).toContain("its task may go on");
    const waiting = world.start("runs", "wait", runId);
    world.release();
    expect(await waiting.ended).toEqual({ exitCode: 0, stdout: `${runId}  succeeded\n`, stderr: "" });
    const collected = await world.call("runs", "collect", "--all", "--output", "json", "--quiet");
    expect([collected.exitCode, collected.stderr]).toEqual([0, ""]);
    expect(JSON.parse(collected.stdout)).toMatchObject({ runId, outcome: "succeeded", branch: { name: branch } });
    expect(world.repository.git("rev-list", "--count", `main..${branch}`)).toBe("1");
    // Once more it is told from what is kept here.
    await world.server[Symbol.asyncDispose]();
    const again = await world.call("runs", "resume", runId, "--output", "json");
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(collected.stdout));
    expect(await world.call("runs", "wait", runId)).toMatchObject({ exitCode: 0, stdout: `${runId}  succeeded\n` });
  });

  it("takes up a run whose process was killed, from its first event on", async () => {
    await using world = await openUserWorld();
    const running = world.start("--execution-mode", "server", "--task", "Hello", "--output", "ndjson");
    await Promise.race([world.begun, running.ended]);
    running.kill("SIGKILL");
    const { runId } = JSON.parse((await running.ended).stdout.split("\n")[0] ?? "");
    expect((await world.call("runs", "list", "--json")).stdout).toContain('"state":"detached"');
    const resumed = world.start("runs", "resume", runId, "--output", "json", "--quiet");
    world.release();
    const { exitCode, stdout, stderr } = await resumed.ended;
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ runId, outcome: "succeeded", task: { prompt: "Hello" }, stats: { commits: 1 } });
    expect(report.repository.base.ref).toBe("refs/heads/main");
    const events = readEvents(world.state, runId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type)).toEqual(["run.started", "agent.started", "progress", "complete"]);
  });

  it("takes up a run that was left by a second signal; its branch is reserved again", async () => {
    await using world = await openUserWorld();
    const running = world.start("--execution-mode", "server", "--task", "Hello", "--output", "ndjson");
    await Promise.race([world.begun, running.ended]);
    running.kill("SIGINT");
    await world.reach("cancelling");
    running.kill("SIGTERM");
    const left = await running.ended;
    const report = JSON.parse(left.stdout.trimEnd().split("\n").at(-1) ?? "").report;
    expect([left.exitCode, report.outcome, report.branch]).toEqual([130, "cancelled", null]);
    world.release();
    const resumed = await world.call("runs", "resume", report.runId, "--output", "json", "--quiet");
    expect(JSON.parse(resumed.stdout)).toMatchObject({ runId: report.runId, stats: { commits: 1 } });
  });

  it("refuses runs that were carried out here, and servers that are not configured", async () => {
    await using world = await openUserWorld(commit);
    const { stdout } = await world.call("runs", "submit", "--task", "Hello");
    const runId = stdout.trim();
    const elsewhere = await world.call("runs", "resume", runId, "--server-url", "http://127.0.0.1:9");
    expect([elsewhere.exitCode, elsewhere.stderr]).toEqual([2, expect.stringContaining("SERVER_URL_MISSING")]);
    expect(elsewhere.stderr).toContain(`--server-url ${world.server.url}`);
    const nothing = await world.call("runs", "collect");
    expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining("--all")]);
  });

  it("leaves nothing behind where no server takes the task", async () => {
    await using world = await openUserWorld(commit);
    const refused = await world.call("runs", "submit", "--task", "Hello", "--server-api-key", "wrong-key-0123456789");
    expect([refused.exitCode, refused.stdout]).toEqual([4, ""]);
    expect(refused.stderr).toContain("SERVER_KEY");
    expect(world.repository.git("branch", "--list", "agent/*")).toBe("");
    expect((await world.call("runs", "list")).stdout).toBe("");
  });

  it("is examined by doctor: the server's version, key, health and clock", async () => {
    await using world = await openUserWorld(commit);
    const well = await world.call("doctor", "--execution-mode", "server", "--json");
    const statuses = JSON.parse(well.stdout).checks.map((check: { name: string; status: string }) => [
      check.name,
      check.status,
    ]);
    expect(Object.fromEntries(statuses)).toMatchObject({ server: "ok", "server key": "ok", "server health": "ok" });
    const wrong = await world.call(
      "doctor",
      "--execution-mode",
      "server",
      "--server-api-key",
      "wrong-key-0123456789",
      "--json",
    );
    expect([wrong.exitCode, wrong.stdout]).toEqual([4, expect.stringContaining("CLAUDE_SERVER_API_KEY")]);
    const away = await world.call(
      "doctor",
      "--execution-mode",
      "server",
      "--server-url",
      "http://127.0.0.1:9",
      "--json",
    );
    expect([away.exitCode, away.stdout]).toEqual([4, expect.stringContaining("refuses connections")]);
  });
});

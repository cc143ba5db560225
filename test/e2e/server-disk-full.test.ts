import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { listMessages } from "../support/chaos.ts";
import { expectWhole } from "../support/dispatch-world.ts";
import { makeRepository } from "../support/repository.ts";
import { longPatience, openClientWorld } from "../support/server-world.ts";
import type { RunResult } from "../support/server-world.ts";
import { ballastTitle, openSmallDatabase, openSmallDisk } from "../support/small-place.ts";
import type { SmallPlace } from "../support/small-place.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { buildComplete, makeWork, startTestServer } from "../support/task-server.ts";
import type { Act, TestServer } from "../support/task-server.ts";

const text = "x".repeat(100_000);
const messages = 40;

/** Where a run of a task stands, and what lets it go on. */
interface Gates {
  readonly begun: PromiseWithResolvers<void>;
  readonly append: PromiseWithResolvers<void>;
  readonly worked: PromiseWithResolvers<void>;
  readonly finish: PromiseWithResolvers<void>;
}

const createGates = (): Gates => ({
  begun: Promise.withResolvers(),
  append: Promise.withResolvers(),
  worked: Promise.withResolvers(),
  finish: Promise.withResolvers(),
});

const actThrough = (gates: Gates): Act =>
  async function* act(task, context) {
    yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
    if (task.title === ballastTitle) {
      for (let count = 0; count < 60; count += 1) yield { type: "message", data: { text } };
      return yield buildComplete();
    }
    if (task.title === "Watched") {
      gates.begun.resolve();
      await gates.append.promise;
      for (let count = 0; count < messages; count += 1) yield { type: "message", data: { text: `${count} ${text}` } };
    }
    const commit = makeWork(task, context);
    gates.worked.resolve();
    if (task.title === "Watched") await gates.finish.promise;
    yield buildComplete({ commit });
  };

/** Until the log says it, after its first `from` lines. */
async function hear(server: TestServer, words: RegExp, from = 0): Promise<void> {
  while (!server.log.slice(from).some((line) => words.test(line))) await sleep(10);
}

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly gates: Gates;
  readonly base: string;
  /** A client with a task that has begun. */
  watch(): Promise<RunResult>;
}

async function openScene(place: SmallPlace): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const repository = makeRepository();
  const world = stack.use(openClientWorld(repository));
  const gates = createGates();
  const act = actThrough(gates);
  const settings = { concurrency: 1 };
  const server = stack.use(await startTestServer({ dataDirectory: place.path, sqlite: place.sqlite, settings, act }));
  const base = await pushBase(server, repository);
  await place.prepare(async () => {
    const { id } = await submitTask(server, base, { task: ballastTitle });
    await waitForEnd(server, id);
  });
  return {
    server,
    gates,
    base,
    watch: () => world.run([server.url], { prompt: "Watched", patience: longPatience }),
    async [Symbol.asyncDispose]() {
      // Where a test has failed, nobody else lets the run end.
      for (const { resolve } of Object.values(gates)) resolve();
      await place.makeRoom(server);
      await stack.disposeAsync();
    },
  };
}

async function expectAll(server: TestServer, { report, events }: RunResult): Promise<void> {
  expect(report).toMatchObject({ outcome: "succeeded", reason: null });
  expect(listMessages(events).map((said) => Number(said.split(" ")[0]))).toEqual(
    Array.from({ length: messages }, (_, index) => index),
  );
  await expectEnd(server, { report, events });
}

/** One end, after all that was said; the work is there if the server has kept it, and a reason is told if it could not do all it should. */
async function expectEnd({ store }: TestServer, { report, events }: RunResult): Promise<void> {
  const labels = [`agent-worker.run=${report.runId}`];
  const query = { owner: "alice", states: [], labels, parent: undefined, limit: 100, cursor: undefined };
  const [task] = (await store.list(query)).tasks;
  await expectWhole(store, task?.id ?? "");
  expect(task?.attempt).toBe(1);
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
  expect(report.branch?.head ?? null).toBe(task?.commit);
  expect([task?.state, report.outcome]).toEqual(
    report.reason === null ? ["succeeded", "succeeded"] : ["failed", "unavailable"],
  );
  expect([report.branch, report.reason]).not.toEqual([null, null]);
  expect([undefined, "DISK_FULL", "GIT_FAILED"]).toContain(report.reason?.code);
}

describe.each([
  ["a disk", openSmallDisk],
  ["a database", openSmallDatabase],
])("%s that is full", (_name, openPlace) => {
  it("refuses tasks with 507, holds events back, and both go on when there is room", async () => {
    using place = openPlace();
    await using scene = await openScene(place);
    const { server, gates, base } = scene;
    const watched = scene.watch();
    await gates.begun.promise;
    await place.fill(server, base);
    const json = { task: "One more".repeat(40), repository: { key: "app", base } };
    const refused = await server.request("/api/v1/tasks", { json });
    expect([refused.status, await refused.json()]).toMatchObject([507, { code: "DISK_FULL", retryable: true }]);
    gates.append.resolve();
    await hear(server, /the store refused a write/);
    expect((await server.request("/healthz")).status).toBe(200);
    await place.makeRoom(server);
    gates.finish.resolve();
    await expectAll(server, await watched);
    expect((await server.request("/api/v1/tasks", { json })).status).toBe(201);
  });

  it("when a task ends holds its end back, or says that its work is not there", async () => {
    using place = openPlace();
    await using scene = await openScene(place);
    const { server, gates, base } = scene;
    const watched = scene.watch();
    gates.append.resolve();
    await gates.worked.promise;
    await place.fill(server, base);
    const before = server.log.length;
    gates.finish.resolve();
    await hear(server, /the store refused a write|could not be published|attempt ends/, before);
    await place.makeRoom(server);
    await expectEnd(server, await watched);
  });
});

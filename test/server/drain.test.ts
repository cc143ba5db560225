import { once } from "node:events";
import { WebSocket } from "ws";
import { expect, it } from "vitest";
import { problemSchema } from "../../src/protocol/problem.ts";
import { closeCodes } from "../../src/protocol/task-event.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { untilStopped } from "../support/stopping-agent.ts";
import { pushBase, submitTask, waitForEnd, waitForState } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";
import type { Act } from "../support/task-server.ts";
import { buildComplete } from "../support/task-server.ts";

it("takes nothing new while it drains, still answers, and leaves what runs to the next server", async () => {
  using repository = makeRepository();
  using directory = makeDirectory("agent-worker-server-");
  const dataDirectory = directory.path;
  await using server = await startTestServer({ dataDirectory, act: untilStopped, settings: { drainMs: 1_000 } });
  const base = await pushBase(server, repository);
  const { id } = await submitTask(server, base);
  await waitForState(server, id, "running");
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/tasks/${id}`, {
    headers: { Authorization: `Bearer ${testKeys.alice}` },
  });
  await once(socket, "open");
  const closed = once(socket, "close");
  const draining = server.drain();
  expect((await closed)[0]).toBe(closeCodes.restart);
  for (const answer of [
    await server.request("/readyz"),
    await server.request("/api/v1/tasks", { json: { task: "x", repository: { key: "app", base } } }),
    await server.request(`/api/v1/tasks/${id}/events`, { headers: { Accept: "application/x-ndjson" } }),
  ]) {
    expect(problemSchema.parse(await answer.json())).toMatchObject({ status: 503, code: "DRAINING", retryable: true });
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
  expect((await server.request("/healthz")).status).toBe(200);
  expect(await (await server.request("/health")).json()).toMatchObject({ status: "draining" });
  expect((await server.request(`/api/v1/tasks/${id}`)).status).toBe(200);
  await draining;
  expect(await (await server.request(`/api/v1/tasks/${id}`)).json()).toMatchObject({ state: "queued" });
  await server[Symbol.asyncDispose]();
  await using next = await startTestServer({ dataDirectory });
  expect(await waitForEnd(next, id)).toMatchObject({ state: "succeeded" });
});

it("lets what runs come to its end while it drains", async () => {
  using repository = makeRepository();
  const { promise: allowed, resolve: finish } = Promise.withResolvers<void>();
  const untilAllowed: Act = async function* () {
    yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
    await allowed;
    yield buildComplete();
  };
  await using server = await startTestServer({ act: untilAllowed, settings: { drainMs: 60_000 } });
  const { id } = await submitTask(server, await pushBase(server, repository));
  await waitForState(server, id, "running");
  const draining = server.drain();
  expect((await server.request("/readyz")).status).toBe(503);
  finish();
  await draining;
  expect(await (await server.request(`/api/v1/tasks/${id}`)).json()).toMatchObject({ state: "no_changes" });
});

it("answers whoever waits when it goes away", async () => {
  using repository = makeRepository();
  const server = await startTestServer({ act: untilStopped });
  const { id } = await submitTask(server, await pushBase(server, repository));
  const { revision } = await waitForState(server, id, "running");
  const waiting = server.request(`/api/v1/tasks/${id}?wait=60s`, { headers: { "If-None-Match": `"${revision}"` } });
  // Another one's answer tells that the first has been read.
  await server.request("/healthz");
  await server[Symbol.asyncDispose]();
  expect((await waiting).status).toBeOneOf([200, 304]);
});

it("ends with sockets open, and with streams", async () => {
  using repository = makeRepository();
  const server = await startTestServer({ act: untilStopped });
  const { id } = await submitTask(server, await pushBase(server, repository));
  await waitForState(server, id, "running");
  const headers = { Authorization: `Bearer ${testKeys.alice}` };
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/tasks/${id}`, { headers });
  await once(socket, "open");
  const stream = await server.request(`/api/v1/tasks/${id}/events`, { headers: { Accept: "text/event-stream" } });
  expect(stream.status).toBe(200);
  const closed = once(socket, "close");
  await server[Symbol.asyncDispose]();
  expect((await closed)[0]).toBe(closeCodes.restart);
  await expect(
    stream.text().then(
      () => "ended",
      () => "cut",
    ),
  ).resolves.toBeOneOf(["ended", "cut"]);
});

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import { problemSchema } from "../../src/protocol/problem.ts";
import { taskPageSchema, taskResourceSchema } from "../../src/protocol/task-resource.ts";
import { makeRepository } from "../support/repository.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { untilKilled, untilStopped } from "../support/stopping-agent.ts";
import { pushBase, submitTask, waitForEnd, waitForState } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

describe("a task", () => {
  it("goes from a push to a commit that can be fetched, with events, report and diff", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const base = await pushBase(server, repository);
    const submitted = await submitTask(server, base);
    expect(submitted).toMatchObject({ title: "Add a file", outcome: null });
    const ended = await waitForEnd(server, submitted.id);
    expect(ended).toMatchObject({ state: "succeeded", outcome: "succeeded", base, attempt: 1 });
    const report = await server.request(`/api/v1/tasks/${ended.id}/report`);
    expect(runReportSchema.parse(await report.json())).toMatchObject({ outcome: "succeeded" });
    const diff = await server.request(`/api/v1/tasks/${ended.id}/diff`);
    expect(diff.headers.get("Content-Type")).toBe("text/x-diff; charset=utf-8");
    expect(await diff.text()).toContain("+Add a file");
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const fetched = await runRemoteGit(repository.path, ["fetch", remote, `refs/tasks/${ended.id}`]);
    expect(fetched).toMatchObject({ exitCode: 0 });
    expect(repository.git("rev-parse", "FETCH_HEAD")).toBe(ended.commit);
    const refs = await runRemoteGit(repository.path, ["ls-remote", remote]);
    expect(refs.stdout).toBe(`${ended.commit}\trefs/tasks/${ended.id}\n`);
    const other = await runRemoteGit(repository.path, ["ls-remote", remote], { key: testKeys.bob });
    expect(other.exitCode).not.toBe(0);
    expect(await (await server.request("/health")).json()).toMatchObject({
      totals: { received: 1, succeeded: 1, failed: 0 },
      successRate: 1,
    });
  });

  it("has no report before its end, cannot be removed then, and is gone with its result afterwards", async () => {
    using repository = makeRepository();
    await using server = await startTestServer({ act: untilStopped });
    const base = await pushBase(server, repository);
    const { id } = await submitTask(server, base);
    for (const [method, path] of [
      ["GET", "/report"],
      ["GET", "/diff"],
      ["DELETE", ""],
    ] as const) {
      const early = await server.request(`/api/v1/tasks/${id}${path}`, { method });
      expect([path, early.status, early.headers.get("Retry-After")]).toEqual([path, 409, "2"]);
      expect(problemSchema.parse(await early.json())).toMatchObject({ code: "NOT_FINISHED", retryable: true });
    }
    await waitForState(server, id, "running");
    await server.request(`/api/v1/tasks/${id}/interrupt`, { method: "POST" });
    const ended = await waitForEnd(server, id);
    expect(ended).toMatchObject({ state: "cancelled", commit: expect.any(String) });
    expect(readdirSync(join(server.dataDirectory, "runs"))).toHaveLength(1);
    expect((await server.request(`/api/v1/tasks/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(readdirSync(join(server.dataDirectory, "runs"))).toEqual([]);
    expect((await server.request(`/api/v1/tasks/${id}`)).status).toBe(404);
    expect((await server.request(`/api/v1/tasks/${id}/report`)).status).toBe(404);
    const refs = await runRemoteGit(repository.path, ["ls-remote", `${server.url}/api/v1/repositories/app.git`]);
    expect(refs).toMatchObject({ exitCode: 0, stdout: "" });
  });
});

describe("an interrupt", () => {
  it("is taken once, answers the truth, and reaches the agent without delay", async () => {
    using repository = makeRepository();
    // Longer than this test may take: who carries the task out is told, and does not find out with the next renewal.
    const dispatch = { leaseMs: 600_000, renewMs: 300_000 };
    await using server = await startTestServer({ act: untilStopped, dispatch });
    const { id } = await submitTask(server, await pushBase(server, repository));
    await waitForState(server, id, "running");
    const stop = (json?: unknown) =>
      server.request(`/api/v1/tasks/${id}/interrupt`, json === undefined ? { method: "POST" } : { json });
    const first = await stop();
    expect([first.status, taskResourceSchema.parse(await first.json()).state]).toEqual([202, "cancelling"]);
    expect((await stop({ mode: "graceful" })).status).toBe(200);
    await waitForEnd(server, id);
    expect((await stop({ mode: "force" })).status).toBe(200);
    expect((await stop({ mode: "never" })).status).toBe(400);
  });

  it("that becomes urgent reaches an agent that does not stop, without delay", async () => {
    using repository = makeRepository();
    const dispatch = { leaseMs: 600_000, renewMs: 300_000 };
    await using server = await startTestServer({ act: untilKilled, dispatch });
    const { id } = await submitTask(server, await pushBase(server, repository));
    await waitForState(server, id, "running");
    const path = `/api/v1/tasks/${id}/interrupt`;
    expect((await server.request(path, { json: { mode: "graceful" } })).status).toBe(202);
    expect((await server.request(path, { json: { mode: "force" } })).status).toBe(200);
    expect(await waitForEnd(server, id)).toMatchObject({ state: "cancelled" });
    expect(await (await server.request("/health")).json()).toMatchObject({ totals: { succeeded: 0, failed: 0 } });
  });

  it("of a task that has ended otherwise is refused", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const { id } = await submitTask(server, await pushBase(server, repository));
    await waitForEnd(server, id);
    const answer = await server.request(`/api/v1/tasks/${id}/interrupt`, { method: "POST" });
    expect(problemSchema.parse(await answer.json())).toMatchObject({ status: 409, code: "ALREADY_ENDED" });
  });

  it("of a task that waits leaves it without a report", async () => {
    using repository = makeRepository();
    await using server = await startTestServer({ act: untilStopped, settings: { concurrency: 1 } });
    const base = await pushBase(server, repository);
    const running = await submitTask(server, base);
    const waiting = await submitTask(server, base);
    const answer = await server.request(`/api/v1/tasks/${waiting.id}/interrupt`, { json: { mode: "graceful" } });
    expect([answer.status, taskResourceSchema.parse(await answer.json()).state]).toEqual([202, "cancelled"]);
    const metrics = await (await server.request("/metrics")).text();
    expect(metrics).toContain('agent_worker_tasks_ended_total{state="cancelled"} 1');
    expect((await server.request(`/api/v1/tasks/${waiting.id}/report`)).status).toBe(404);
    expect(await (await server.request(`/api/v1/tasks/${waiting.id}/diff`)).text()).toBe("");
    await server.request(`/api/v1/tasks/${running.id}/interrupt`, { method: "POST" });
    await waitForEnd(server, running.id);
  });
});

describe("reading a task", () => {
  it("answers 304 while nothing has changed, at once or after the wait", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const { id } = await submitTask(server, await pushBase(server, repository));
    const { revision } = await waitForEnd(server, id);
    const first = await server.request(`/api/v1/tasks/${id}`);
    expect(first.headers.get("ETag")).toBe(`"${revision}"`);
    for (const known of [`"${revision}"`, `W/"${revision}"`, `"1", "${revision}"`, "*"]) {
      const again = await server.request(`/api/v1/tasks/${id}?wait=30s`, { headers: { "If-None-Match": known } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    expect((await server.request(`/api/v1/tasks/${id}?wait=soon`)).status).toBe(400);
  });

  it("waits for the change, and no longer than the server stays", async () => {
    using repository = makeRepository();
    await using server = await startTestServer({ act: untilStopped });
    const { id } = await submitTask(server, await pushBase(server, repository));
    await waitForState(server, id, "running");
    const waiting = server.request(`/api/v1/tasks/${id}?wait=30s`);
    await server.request(`/api/v1/tasks/${id}/interrupt`, { method: "POST" });
    expect(taskResourceSchema.parse(await (await waiting).json()).state).not.toBe("running");
    await waitForEnd(server, id);
  });
});

it("lists tasks by state, label and parent, in pages, the newest first", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  const base = await pushBase(server, repository);
  const ids: string[] = [];
  for (const index of [0, 1, 2, 3, 4]) {
    const parent = ids[0] === undefined || index < 3 ? {} : { parent: ids[0] };
    const labels = { even: String(index % 2 === 0), n: String(index) };
    ids.push((await submitTask(server, base, { labels, ...parent })).id);
  }
  for (const id of ids) await waitForEnd(server, id);
  const list = async (query: string) => {
    const page = taskPageSchema.parse(await (await server.request(`/api/v1/tasks?${query}`)).json());
    return { found: page.tasks.map(({ id }) => ids.indexOf(id)), next: page.nextCursor };
  };
  expect(await list("")).toEqual({ found: [4, 3, 2, 1, 0], next: null });
  expect(await list("state=queued,running")).toEqual({ found: [], next: null });
  expect(await list("state=succeeded&state=failed&label=even=true")).toEqual({ found: [4, 2, 0], next: null });
  expect(await list("label=even=true&label=n=2")).toEqual({ found: [2], next: null });
  expect(await list("label=n")).toMatchObject({ found: [4, 3, 2, 1, 0] });
  expect(await list(`parent=${ids[0]}`)).toEqual({ found: [4, 3], next: null });
  const first = await list("limit=2");
  expect(first.found).toEqual([4, 3]);
  const second = await list(`limit=2&cursor=${encodeURIComponent(first.next ?? "")}`);
  expect(second.found).toEqual([2, 1]);
  expect(await list(`limit=2&cursor=${encodeURIComponent(second.next ?? "")}`)).toEqual({ found: [0], next: null });
  for (const query of ["limit=0", "limit=101", "state=odd", "label==", "parent=x", "cursor=%00", "cursor=nonsense"]) {
    expect([query, (await server.request(`/api/v1/tasks?${query}`)).status]).toEqual([query, 400]);
  }
});

it("takes as many tasks of a key as may wait, and tells the rest to come back", async () => {
  using repository = makeRepository();
  await using server = await startTestServer({
    act: untilStopped,
    settings: { concurrency: 1, queueLimit: 3 },
    limits: { ownerQueue: 2 },
  });
  const base = await pushBase(server, repository);
  const running = await submitTask(server, base);
  await expect.poll(async () => (await server.store.counts()).queued).toBe(0);
  await submitTask(server, base);
  await submitTask(server, base);
  const full = await server.request("/api/v1/tasks", { json: { task: "x", repository: { key: "app", base } } });
  expect(problemSchema.parse(await full.json())).toMatchObject({ status: 429, code: "QUEUE_FULL", retryable: true });
  expect(Number(full.headers.get("Retry-After"))).toBeGreaterThan(0);
  const metrics = await (await server.request("/metrics")).text();
  expect(metrics).toMatch(/reject.*QUEUE_FULL.* 1/);
  await server.request(`/api/v1/tasks/${running.id}/interrupt`, { method: "POST" });
});

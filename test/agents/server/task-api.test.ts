import { describe, expect, it } from "vitest";
import { openHttpClient } from "../../../src/agents/server/http-client.ts";
import {
  deleteSession,
  hasCommit,
  interruptTask,
  listSessions,
  readHealth,
  readTask,
  readTaskReport,
  readVersion,
} from "../../../src/agents/server/task-api.ts";
import { openClientWorld } from "../../support/server-world.ts";
import { startTestServer } from "../../support/task-server.ts";

const { signal } = new AbortController();

describe("the functions of the client", () => {
  it("read what a server says of itself", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const settings = world.settings([server.url]);
    await using client = openHttpClient({ url: server.url, proxyUrl: undefined }, settings);
    expect(await readVersion(client, signal)).toMatchObject({ ok: true, value: { name: "agent-worker", api: 1 } });
    const health = await readHealth(client, signal);
    expect(health).toMatchObject({ ok: true, value: { status: "ok", full: { active: 0, concurrency: 2 } } });
    expect(await listSessions(client, signal)).toEqual({ ok: true, value: [] });
    await using stranger = openHttpClient({ url: server.url, proxyUrl: undefined }, { ...settings, apiKey: undefined });
    expect(await readHealth(stranger, signal)).toMatchObject({ ok: true, value: { status: "ok", full: null } });
    expect(await listSessions(stranger, signal)).toMatchObject({ ok: false, error: { code: "SERVER_KEY" } });
  });

  it("read, stop and miss tasks, commits and sessions", async () => {
    await using server = await startTestServer();
    await using world = openClientWorld();
    const { report } = await world.run([server.url]);
    const { record } = await world.store.readRun(report.runId);
    await using client = openHttpClient({ url: server.url, proxyUrl: undefined }, world.settings([server.url]));
    const taskId = record?.server?.taskId ?? "";
    const { repositoryKey: key = "", base: sha = "" } = record?.server ?? {};
    expect(await readTask(client, taskId, signal)).toMatchObject({
      ok: true,
      value: { state: "succeeded", synonyms: [] },
    });
    expect(await readTaskReport(client, taskId, signal)).toMatchObject({ ok: true, value: { outcome: "succeeded" } });
    // It has ended: there is nothing to stop.
    expect(await interruptTask(client, { taskId, mode: "graceful", signal })).toEqual({ ok: true });
    expect(await hasCommit(client, { key, sha, signal })).toEqual({ ok: true, value: true });
    expect(await hasCommit(client, { key, sha: "0".repeat(40), signal })).toEqual({ ok: true, value: false });
    const absent = "01ZZZZZZZZZZZZZZZZZZZZZZZZ";
    for (const reply of [await readTask(client, absent, signal), await deleteSession(client, "none", signal)]) {
      expect(reply).toMatchObject({ ok: false, status: 404, problem: "NOT_FOUND", retryable: false });
    }
  });
});

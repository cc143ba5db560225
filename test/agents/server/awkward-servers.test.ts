import { describe, expect, it } from "vitest";
import { sendJson, startAwkwardServer } from "../../support/awkward-server.ts";
import type { Awkwardness } from "../../support/awkward-server.ts";
import { runAwkward as run } from "../../support/run-awkward.ts";
import { buildEvent, buildResource, buildResult } from "../../support/server-events.ts";
import { openClientWorld } from "../../support/server-world.ts";
import { testKeys } from "../../support/task-server.ts";

describe("a server", () => {
  it.each([["task_id"], ["taskId"], ["id"]])("plainer than ours, which says %s, does the work too", async (name) => {
    const { report, events, warnings } = await run({
      intercept(request, response) {
        const isAbsent = request.url === "/api/v1/version" || request.method === "HEAD";
        if (isAbsent) sendJson(response, 404, { error: "not found" });
        return isAbsent;
      },
      resource: (task) => ({ [name]: task.id, status: "processing" }),
      events: (task) => [
        JSON.stringify({ type: "message", data: { text: "hello" } }),
        JSON.stringify({ type: "message", content: "odd" }),
        JSON.stringify({ type: "complete", data: { status: "completed", id: task.id } }),
      ],
    });
    expect(report).toMatchObject({ outcome: "succeeded", stats: { commits: 1 }, agent: { name: "claude" } });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "log", data: { stream: "stdout", text: '{"content":"odd"}\n' } }),
    );
    expect(warnings).toEqual([
      "SERVER_PLAIN",
      "SERVER_DIALECT",
      "SERVER_EVENTS_UNNUMBERED",
      "SERVER_EVENTS_UNVERIFIED",
    ]);
  });

  it("that names another commit than it holds is not believed", async () => {
    const { report } = await run({
      events: (task) => [buildEvent(task, 1, { type: "complete", data: { ...buildResult(task), commit: task.base } })],
    });
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "IMPORT_REFUSED" }, branch: null });
  });

  it("that repeats the key in what it says does not get it into logs or reports", async () => {
    const key = testKeys.alice;
    const { report, events } = await run({
      events: (task) => [
        buildEvent(task, 1, { type: "message", data: { text: `your key is ${key}` } }),
        buildEvent(task, 2, { type: "complete", data: buildResult(task) }),
      ],
      resource: (task) => buildResource(task),
    });
    expect(report.outcome).toBe("succeeded");
    expect(JSON.stringify([report, events])).not.toContain(key);
    expect(JSON.stringify(events)).toContain("your key is [redacted]");
  });
});

/** Carries out as many tasks. */
const busy = (active: number): Awkwardness => ({
  intercept(request, response) {
    if (request.url !== "/health") return false;
    sendJson(response, 200, health(active));
    return true;
  },
});

describe("of several servers", () => {
  it("the least loaded is used, and one that does not answer is left out", async () => {
    await using full = await startAwkwardServer(busy(4));
    await using idle = await startAwkwardServer(busy(0));
    await using world = openClientWorld();
    const { report } = await world.run([full.url, "http://127.0.0.1:9", idle.url]);
    expect([report.outcome, full.tasks.length, idle.tasks.length]).toEqual(["succeeded", 0, 1]);
  });

  it("the next one gets a task that the first has certainly not taken", async () => {
    await using refusing = await startAwkwardServer({
      intercept(request, response) {
        if (request.method !== "POST") return false;
        response.writeHead(503).end();
        return true;
      },
    });
    await using taking = await startAwkwardServer();
    await using world = openClientWorld();
    const { report } = await world.run([refusing.url, taking.url]);
    expect([report.outcome, taking.tasks.length]).toEqual(["succeeded", 1]);
  });

  it("no other gets a task that one is still taking", async () => {
    await using taking = await startAwkwardServer({
      intercept(request, response, count) {
        if (request.method !== "POST" || request.url !== "/api/v1/tasks" || count > 2) return false;
        const problem = {
          type: "about:blank",
          title: "x",
          status: 409,
          code: "IN_FLIGHT",
          requestId: "1",
          retryable: true,
        };
        sendJson(response, 409, problem);
        return true;
      },
    });
    await using other = await startAwkwardServer();
    await using world = openClientWorld();
    const { report } = await world.run([taking.url, other.url]);
    expect([report.outcome, taking.tasks.length, other.tasks.length]).toEqual(["succeeded", 1, 0]);
  });

  it("no other gets a task that one may have taken", async () => {
    await using doubtful = await startAwkwardServer({
      intercept(request) {
        if (request.method !== "POST" || request.url !== "/api/v1/tasks") return false;
        request.socket.destroy();
        return true;
      },
    });
    await using other = await startAwkwardServer();
    await using world = openClientWorld();
    const { report } = await world.run([doubtful.url, other.url]);
    expect([report.outcome, other.tasks.length]).toEqual(["unavailable", 0]);
    expect(report.reason?.hint).toContain("agent-worker runs resume");
  });
});

function health(active: number): object {
  const count = { received: 0, succeeded: 0, failed: 0 };
  return {
    status: "ok",
    version: "1",
    store: { engine: "sqlite", status: "ok" },
    queue: { engine: "sqlite", queued: 0, limit: 10 },
    agentCli: { name: "claude", version: null, engine: "ok" },
    breaker: { state: "closed", failures: 0 },
    active,
    concurrency: 2,
    warm: { ready: 0, limit: 0 },
    totals: count,
    successRate: null,
    uptimeSeconds: 1,
  };
}

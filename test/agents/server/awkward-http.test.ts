import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { sendJson } from "../../support/awkward-server.ts";
import type { Awkwardness } from "../../support/awkward-server.ts";
import { runAwkward as run } from "../../support/run-awkward.ts";

/** The answer of a proxy that wants to be spoken to first. */
function sendPage(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html" }).end("<html>Please log in</html>");
}

/** Has no room for as many times. */
const full = (times: number, seconds: string): Awkwardness => ({
  intercept(request, response, count) {
    if (request.url !== "/api/v1/tasks" || count > times) return false;
    response.setHeader("retry-after", seconds);
    sendJson(response, 429, {});
    return true;
  },
});

describe("a server", () => {
  it("behind a proxy that answers for it is asked again, and named as something else in the end", async () => {
    const passing = await run({
      intercept(_request, response, count) {
        if (count > 1) return false;
        sendPage(response);
        return true;
      },
    });
    expect(passing.report.outcome).toBe("succeeded");
    const staying = await run({ intercept: (_request, response) => (sendPage(response), true) });
    expect(staying.report).toMatchObject({
      outcome: "unavailable",
      exitCode: 4,
      reason: { code: "SERVER_UNREACHABLE" },
    });
    expect(staying.report.reason?.message).toContain("Something else than a task server answered");
    expect(staying.requests.length).toBeGreaterThan(2);
  });

  it("that redirects never gets the key sent elsewhere", async () => {
    const seen: string[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      sendPage(response);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const address = elsewhere.address();
    const other = `http://localhost:${typeof address === "object" ? address?.port : 0}`;
    const places = ["/api/v1/version", "/commits/", ".git/info/refs", "/api/v1/tasks"];
    for (const place of places) {
      const { report } = await run({
        intercept(request, response) {
          if (!request.url?.includes(place)) return false;
          response.writeHead(302, { location: `${other}${request.url}` }).end();
          return true;
        },
      });
      expect([place, report.outcome, report.reason?.code]).toEqual([place, "unavailable", "SERVER_REDIRECT"]);
    }
    await new Promise((resolve) => elsewhere.close(resolve));
    expect(seen).toEqual([]);
  });

  it.each([
    ["SERVER_KEY", 401],
    ["SERVER_VERSION", 426],
    ["SERVER_REFUSED", 400],
    ["SERVER_REFUSED", 422],
  ])("ends the run with %s where it answers %i, and is not asked again", async (code, status) => {
    const { report, requests } = await run({
      intercept(request, response) {
        if (request.method !== "POST" || request.url !== "/api/v1/tasks") return false;
        sendJson(response, status, {});
        return true;
      },
    });
    expect([report.outcome, report.reason?.code, report.branch]).toEqual(["unavailable", code, null]);
    expect(requests.filter((request) => request === "POST /api/v1/tasks")).toHaveLength(1);
  });

  it("of another name or another version is not given the task", async () => {
    for (const version of [
      { name: "nginx", version: "1", api: 1 },
      { name: "agent-worker", version: "9", api: 2 },
    ]) {
      const { report, tasks } = await run({
        intercept(request, response) {
          if (request.url !== "/api/v1/version") return false;
          sendJson(response, 200, version);
          return true;
        },
      });
      expect(report.reason?.code).toBe("SERVER_VERSION");
      expect(tasks).toEqual([]);
    }
  });

  it("that is full is asked again when it says so, and given up when that takes too long", async () => {
    const later = await run(full(3, "0"));
    expect([later.report.outcome, later.tasks.length]).toEqual(["succeeded", 1]);
    const never = await run(full(1, "3600"));
    expect([never.report.outcome, never.report.reason?.code]).toEqual(["unavailable", "SERVER_BUSY"]);
    expect(never.requests.filter((request) => request === "POST /api/v1/tasks")).toHaveLength(1);
  });

  it("that stumbles over anything once gets the task once", async () => {
    const { report, tasks } = await run({
      intercept(request, response, count) {
        if (count > 1 || request.url?.includes(".git/")) return false;
        response.writeHead(503).end();
        return true;
      },
    });
    expect([report.outcome, tasks.length]).toEqual(["succeeded", 1]);
  });

  it("whose answer was lost is sent the same task with the same key, and has it once", async () => {
    const keys: unknown[] = [];
    const { report, tasks } = await run({
      intercept(request, response, count) {
        if (request.method !== "POST" || request.url !== "/api/v1/tasks") return false;
        keys.push(request.headers["idempotency-key"]);
        if (count < 3) response.write = () => (request.socket.destroy(), false);
        if (count < 3) response.end = () => (request.socket.destroy(), response);
        return false;
      },
    });
    expect([report.outcome, tasks.length]).toEqual(["succeeded", 1]);
    expect(keys).toEqual([tasks[0]?.idempotencyKey, tasks[0]?.idempotencyKey, tasks[0]?.idempotencyKey]);
  });

  it("that packs its answers is not believed", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const { report } = await run({
      intercept(request, response) {
        if (request.url !== "/api/v1/version") return false;
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
        return true;
      },
    });
    expect(report.reason).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(report.reason?.message).toContain("packed with gzip");
  });

  it("whose answers drip, or are endless, is given up", async () => {
    const timers: NodeJS.Timeout[] = [];
    const { report } = await run(
      {
        intercept(request, response) {
          if (request.url !== "/api/v1/version") return false;
          response.writeHead(200, { "content-type": "application/json" });
          timers.push(setInterval(() => response.write(" "), 10));
          return true;
        },
      },
      { patience: { requestMs: 200, contactMs: 500 } },
    );
    for (const timer of timers) clearInterval(timer);
    expect(report.reason).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(report.reason?.message).toContain("did not answer in time");
    let written = 0;
    const endless = await run({
      intercept(request, response, count) {
        if (request.url !== "/api/v1/version" || count > 1) return false;
        response.writeHead(200, { "content-type": "application/json" });
        const part = Buffer.alloc(1024 * 1024, " ");
        const write = (): void => {
          while (written < 100 && !response.destroyed) {
            written += 1;
            if (!response.write(part)) return void response.once("drain", write);
          }
        };
        write();
        return true;
      },
    });
    expect(endless.report.outcome).toBe("succeeded");
    expect(written).toBeLessThan(60);
  });

  it("that has forgotten the task ends the run", async () => {
    let isForgotten = false;
    const { report } = await run({
      socket(socket, { events }) {
        socket.send(events[0] ?? "");
        isForgotten = true;
        socket.close(1012);
      },
      intercept(request, response) {
        if (!isForgotten || !/tasks\/./.test(request.url ?? "")) return false;
        sendJson(response, 404, {});
        return true;
      },
    });
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "SERVER_LOST_TASK" } });
  });

  it("that goes away while a task runs is given up after a while, and the run can be resumed", async () => {
    let isGone = false;
    const { report } = await run({
      socket(socket) {
        isGone = true;
        socket.terminate();
      },
      intercept(request) {
        if (!isGone) return false;
        request.socket.destroy();
        return true;
      },
    });
    expect(report).toMatchObject({ outcome: "unavailable", reason: { code: "SERVER_UNREACHABLE" } });
    expect(report.reason?.hint).toContain(`agent-worker runs resume ${report.runId}`);
  });
});

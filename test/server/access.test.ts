import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import { toWorkerError } from "../../src/core/worker-error.ts";
import { problemSchema } from "../../src/protocol/problem.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { sendRaw } from "../support/raw-request.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";
import type { TestServer } from "../support/task-server.ts";

const nobody = "01M7XQEKPMMNEQZ2HHF3DSZ5S4";

const guarded = [
  ["POST", "/api/v1/tasks"],
  ["GET", "/api/v1/tasks"],
  ["GET", `/api/v1/tasks/${nobody}`],
  ["DELETE", `/api/v1/tasks/${nobody}`],
  ["POST", `/api/v1/tasks/${nobody}/interrupt`],
  ["GET", `/api/v1/tasks/${nobody}/events`],
  ["GET", `/api/v1/tasks/${nobody}/report`],
  ["GET", `/api/v1/tasks/${nobody}/diff`],
  ["GET", "/api/v1/sessions"],
  ["GET", "/api/v1/sessions/x"],
  ["DELETE", "/api/v1/sessions/x"],
  ["POST", "/api/v1/tickets"],
  ["GET", `/api/v1/repositories/app/commits/${"a".repeat(40)}`],
  ["GET", "/api/v1/repositories/app.git/info/refs?service=git-upload-pack"],
  ["GET", "/api/v1/repositories/app.git/info/refs?service=git-receive-pack"],
  ["POST", "/api/v1/repositories/app.git/git-upload-pack"],
  ["POST", "/api/v1/repositories/app.git/git-receive-pack"],
  ["GET", "/api/v1/nothing"],
  ["GET", "/metrics"],
  ["GET", `/ws/tasks/${nobody}`],
] as const;

function readReasons(server: TestServer): unknown[] {
  return server.log.map((line) => JSON.parse(line)).flatMap(({ reason }) => reason ?? []);
}

/** How an upgrade ends: `open`, or the status of its refusal. */
function openSocket(url: string, headers: Record<string, string>): Promise<string | number> {
  const socket = new WebSocket(url.replace("http:", "ws:"), { headers });
  return new Promise((resolve) => {
    socket.once("open", () => {
      socket.close();
      resolve("open");
    });
    socket.once("unexpected-response", (_, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    socket.once("error", () => undefined);
  });
}

describe("without a valid key", () => {
  it.each(guarded)("%s %s is refused: no key, a wrong one, an expired one", async (method, path) => {
    const expired = { name: "carol", key: "carol-key-0123456789", expiresAt: new Date(Date.now() - 1_000) };
    await using server = await startTestServer({
      keys: [{ name: "alice", key: testKeys.alice, expiresAt: null }, expired],
    });
    for (const key of [null, "wrong-key-0123456789", expired.key, `${testKeys.alice}x`, testKeys.alice.slice(0, -1)]) {
      const answer = await server.request(path, { method, key });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^(Bearer|Basic) /);
      const problem = problemSchema.parse(await answer.json());
      expect(problem).toMatchObject({ code: "UNAUTHORIZED", requestId: answer.headers.get("X-Request-Id") });
    }
    expect(readReasons(server)).toEqual(["no key", "unknown key", "expired key", "unknown key", "unknown key"]);
    for (const key of ["wrong-key", expired.key, testKeys.alice]) expect(server.log.join("")).not.toContain(key);
  });

  it("nothing is told but that the server lives, its version and its interface", async () => {
    await using server = await startTestServer();
    for (const path of ["/healthz", "/readyz", "/api/v1/version", "/openapi.json"]) {
      expect((await server.request(path, { key: null })).status).toBe(200);
    }
    expect(await (await server.request("/health", { key: null })).json()).toEqual({ status: "ok" });
    expect((await server.request("/health", { key: "wrong" })).status).toBe(401);
    expect(await (await server.request("/health")).json()).toMatchObject({ queue: { queued: 0, limit: 1_000 } });
  });

  it("a socket is refused, and one with a ticket of another time", async () => {
    await using server = await startTestServer();
    const url = `${server.url}/ws/tasks/${nobody}`;
    expect(await openSocket(url, {})).toBe(401);
    expect(await openSocket(`${url}?ticket=none`, {})).toBe(401);
    expect(await openSocket(url, { Authorization: "Bearer wrong" })).toBe(401);
  });
});

it("takes the key as git sends it, as a password", async () => {
  await using server = await startTestServer();
  const basic = Buffer.from(`x:${testKeys.alice}`).toString("base64");
  const headers = { Authorization: `Basic ${basic}` };
  expect((await server.request("/api/v1/tasks", { key: null, headers })).status).toBe(200);
});

it("gives tickets that open one socket of their owner's each", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  const { id } = await submitTask(server, await pushBase(server, repository));
  const issue = async (key: string): Promise<string> => {
    const answer = await server.request("/api/v1/tickets", { method: "POST", key });
    expect(answer.status).toBe(201);
    const { ticket } = (await answer.json()) as { ticket: string };
    return `${server.url}/ws/tasks/${id}?ticket=${ticket}`;
  };
  const url = await issue(testKeys.alice);
  expect(await openSocket(url, {})).toBe("open");
  expect(await openSocket(url, {})).toBe(401);
  expect(await openSocket(await issue(testKeys.bob), {})).toBe(404);
  expect(server.log.join("")).not.toContain(url.slice(-20));
});

describe("what belongs to another key", () => {
  it("is not there: tasks, events, reports, diffs, repositories, sessions", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const base = await pushBase(server, repository);
    const { id } = await waitForEnd(server, (await submitTask(server, base)).id);
    const now = new Date().toISOString();
    const session = { id: "s1", agent: "claude", repository: "app", taskId: id, title: "t", sizeBytes: 1 };
    await server.store.saveSession({
      ...session,
      createdAt: now,
      updatedAt: now,
      owner: "alice",
      file: "/nonexistent/x",
    });
    const paths = ["", "/events", "/report", "/diff"].map((part) => ["GET", `/api/v1/tasks/${id}${part}`] as const);
    const others = [
      ["DELETE", `/api/v1/tasks/${id}`],
      ["POST", `/api/v1/tasks/${id}/interrupt`],
      ["GET", `/api/v1/repositories/app/commits/${base}`],
      ["GET", "/api/v1/repositories/app.git/info/refs?service=git-upload-pack"],
      ["GET", "/api/v1/sessions/s1"],
      ["DELETE", "/api/v1/sessions/s1"],
    ] as const;
    for (const [method, path] of [...paths, ...others]) {
      const answer = await server.request(path, { method, key: testKeys.bob });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const list = await server.request("/api/v1/tasks", { key: testKeys.bob });
    expect(await list.json()).toEqual({ tasks: [], nextCursor: null });
    expect(await (await server.request("/api/v1/sessions", { key: testKeys.bob })).json()).toEqual({ sessions: [] });
    const parent = await server.request("/api/v1/tasks", {
      key: testKeys.bob,
      json: { task: "x", repository: { key: "app", base }, parent: id },
    });
    expect(parent.status).toBe(400);
    expect(await openSocket(`${server.url}/ws/tasks/${id}`, { Authorization: `Bearer ${testKeys.bob}` })).toBe(404);
    expect((await server.request(`/api/v1/sessions/s1`)).status).toBe(200);
  });
});

describe("a path in a parameter", () => {
  const ids = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a%0ab",
    "~",
    "*",
    "x".repeat(200),
    "%c3%28",
    "..%5c..",
  ];
  const patterns = [
    (id: string) => `/api/v1/tasks/${id}`,
    (id: string) => `/api/v1/tasks/${id}/events`,
    (id: string) => `/api/v1/tasks/${id}/report`,
    (id: string) => `/api/v1/tasks/${id}/diff`,
    (id: string) => `/api/v1/sessions/${id}/`,
    (id: string) => `/api/v1/repositories/${id}/commits/${"a".repeat(40)}`,
    (id: string) => `/api/v1/repositories/app/commits/${id}`,
    (id: string) => `/api/v1/repositories/${id}.git/info/refs?service=git-receive-pack`,
    (id: string) => `/api/v1/repositories/${id}/info/refs?service=git-receive-pack`,
    (id: string) => `/ws/tasks/${id}`,
  ];

  it.each(ids)("such as %s leads nowhere and makes nothing", async (id) => {
    await using server = await startTestServer();
    for (const pattern of patterns) {
      const head = `GET ${pattern(id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
      const answer = await sendRaw(server.url, `${head}Authorization: Bearer ${testKeys.alice}\r\n\r\n`);
      expect([pattern(id), answer.status]).toEqual([pattern(id), expect.toBeOneOf([400, 404])]);
      expect(answer.text).toContain("application/problem+json");
      expect(answer.text).not.toContain(server.dataDirectory);
    }
    const answer = await server.request("/api/v1/tasks", {
      json: { task: "x", repository: { key: decodeURIComponent(id.replace("%c3%28", "x/y")), base: "a".repeat(40) } },
    });
    expect(answer.status).toBeOneOf([400, 422]);
  });
});

describe("a page of somebody else's", () => {
  it.each([
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[::2]",
    "10.0.0.1",
  ])("that has its name %s lead here is refused, also with a key", async (host) => {
    await using server = await startTestServer();
    const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(server.url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('"code":"FORBIDDEN"');
    expect((await sendRaw(server.url, `GET / HTTP/1.1\r\n${lines}`)).status).toBe(403);
  });

  it.each(["localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST", "agents.example"])(
    "is not what %s is",
    async (host) => {
      await using server = await startTestServer({ settings: { publicHosts: ["agents.example"] } });
      const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
      expect((await sendRaw(server.url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`)).status).toBe(200);
    },
  );

  it("cannot change anything, nor open a socket", async () => {
    await using server = await startTestServer();
    for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"]) {
      const headers = { Origin: origin };
      for (const [method, path] of guarded.filter(([method]) => method !== "GET")) {
        expect((await server.request(path, { method, headers })).status).toBe(403);
      }
      const socket = { ...headers, Authorization: `Bearer ${testKeys.alice}` };
      expect(await openSocket(`${server.url}/ws/tasks/${nobody}`, socket)).toBe(403);
    }
    const own = await server.request("/api/v1/tickets", { method: "POST", headers: { Origin: server.url } });
    expect(own.status).toBe(201);
    expect(await openSocket(`${server.url}/ws/tasks/${nobody}`, { Origin: server.url })).toBe(401);
  });

  it("is also not let in where there are no keys", async () => {
    await using server = await startTestServer({ keys: [] });
    expect((await server.request("/api/v1/tasks", { key: null })).status).toBe(200);
    expect((await server.request("/metrics", { key: null })).status).toBe(200);
    const headers = { Origin: "https://evil.example" };
    expect((await server.request("/api/v1/tickets", { key: null, method: "POST", headers })).status).toBe(403);
  });
});

it("serves nobody but this machine without keys", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
    const error = await startTestServer({ keys: [], settings: { host } }).then(() => null, toWorkerError);
    expect(error?.code).toBe("SERVER_KEYS_NEEDED");
  }
});

it("that listens to the network may be called by any name, unless they are told", async () => {
  const ask = async (server: TestServer, host: string): Promise<number> => {
    const lines = `Host: ${host}\r\nAuthorization: Bearer ${testKeys.alice}\r\nConnection: close\r\n\r\n`;
    const url = server.url.replace("0.0.0.0", "127.0.0.1");
    return (await sendRaw(url, `GET /api/v1/tasks HTTP/1.1\r\n${lines}`)).status;
  };
  await using free = await startTestServer({ settings: { host: "0.0.0.0" } });
  expect(await ask(free, "agents.example:8000")).toBe(200);
  await using told = await startTestServer({ settings: { host: "0.0.0.0", publicHosts: ["agents.example"] } });
  expect(await ask(told, "agents.example:8000")).toBe(200);
  expect(await ask(told, "evil.example")).toBe(403);
});

describe("a file with keys", () => {
  const lines = `# who may come in\n\nalice:${testKeys.alice}\nbob:${testKeys.bob}:2020-01-01T00:00:00Z\n`;

  it("is read, and read anew; one that is wrong leaves the keys as they are", async () => {
    using directory = makeDirectory();
    const keysFile = join(directory.path, "keys");
    writeFileSync(keysFile, lines, { mode: 0o600 });
    await using server = await startTestServer({ keys: [], keysFile });
    const ask = async (key: string): Promise<number> => (await server.request("/api/v1/tasks", { key })).status;
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([200, 401]);
    expect(server.log.join("")).not.toContain("chmod");
    writeFileSync(keysFile, `bob:${testKeys.bob}\nAlice:secret-of-alice\n`);
    await server.reloadKeys();
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([200, 401]);
    expect(server.log.join("")).toContain("keys:2");
    expect(server.log.join("")).not.toContain("secret-of-alice");
    writeFileSync(keysFile, `bob:${testKeys.bob}:2999-01-01\n`);
    chmodSync(keysFile, 0o644);
    await server.reloadKeys();
    expect([await ask(testKeys.alice), await ask(testKeys.bob)]).toEqual([401, 200]);
    expect(server.log.join("")).toContain("chmod 600");
  });

  it.each([
    ["is not there", null],
    ["holds no key", "# none\n"],
    ["names nobody", ":key\n"],
    ["has a name that could be a path", "../x:key\n"],
    ["has a day that does not exist", "alice:key:tomorrow\n"],
  ])("that %s is KEYS_INVALID", async (_, text) => {
    using directory = makeDirectory();
    const keysFile = join(directory.path, "keys");
    if (text !== null) writeFileSync(keysFile, text);
    const error = await startTestServer({ keys: [], keysFile }).then(() => null, toWorkerError);
    expect(error?.code).toBe("KEYS_INVALID");
  });
});

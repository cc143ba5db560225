import { describe, expect, it } from "vitest";
import { problemSchema } from "../../src/protocol/problem.ts";
import { guarded, nobody } from "../support/guarded-routes.ts";
import { openSocket } from "../support/open-socket.ts";
import { makeRepository } from "../support/repository.ts";
import { sendRaw } from "../support/raw-request.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";
import type { TestServer } from "../support/task-server.ts";

function readReasons(server: TestServer): unknown[] {
  return server.log.map((line) => JSON.parse(line)).flatMap(({ reason }) => reason ?? []);
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

it("lets nobody keep an answer, nor another site load it", async () => {
  using repository = makeRepository();
  await using server = await startTestServer();
  const { id } = await submitTask(server, await pushBase(server, repository));
  await waitForEnd(server, id);
  const paths = ["", "/events", "/report", "/diff"].map((part) => `/api/v1/tasks/${id}${part}`);
  for (const path of ["/api/v1/tasks", "/api/v1/sessions", "/metrics", "/health", ...paths]) {
    const { headers } = await server.request(path);
    expect([path, headers.get("Cache-Control")]).toEqual([path, "no-store"]);
    expect(headers.get("Cross-Origin-Resource-Policy")).toBe("same-origin");
  }
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

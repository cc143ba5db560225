import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { problemSchema } from "../../src/protocol/problem.ts";
import { sendRaw } from "../support/raw-request.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";
import type { TestServer } from "../support/task-server.ts";

const mebibyte = 1024 * 1024;
const authorization = `Authorization: Bearer ${testKeys.alice}`;
const repository = { key: "app", base: "a".repeat(40) };

async function* sendForEver(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("POST /api/v1/tasks HTTP/1.1\r\nHost: elsewhere\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (;;) {
    await setImmediate();
    yield Buffer.from("1\r\nx\r\n");
  }
}

function head(...lines: string[]): string {
  return ["POST /api/v1/tasks HTTP/1.1", "Host: localhost", authorization, ...lines, "", ""].join("\r\n");
}

async function post(server: TestServer, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const answer = await server.request("/api/v1/tasks", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: Buffer.from(body),
  });
  return { status: answer.status, problem: problemSchema.parse(await answer.json()) };
}

describe("a body", () => {
  it.each([
    ["nested 10,000 deep", `{"task":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, 400],
    ["nested 10,000 deep in objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, 400],
    ["that names a prototype", `{"task":"x","__proto__":{"isAdmin":true}}`, 400],
    ["that names a prototype in its labels", `{"task":"x","repository":{},"labels":{"__proto__":"x"}}`, 400],
    ["that is no JSON", `{"task":`, 400],
    ["that is nothing", "", 400],
    ["that is null", "null", 400],
    ["that is a list", "[]", 400],
    ["with an escaped half of a pair", `{"task":"\\ud800","repository":{"key":"app","base":"${"a".repeat(40)}"}}`, 422],
    ["of 8 MiB", `{"task":"${"x".repeat(8 * mebibyte)}"}`, 413],
    ["whose task is longer than 1 MiB", JSON.stringify({ task: "é".repeat(mebibyte / 2 + 1), repository }), 413],
  ])("%s is refused", async (_, body, status) => {
    await using server = await startTestServer();
    expect(await post(server, body)).toMatchObject({ status, problem: { status } });
    expect((await server.request("/healthz")).status).toBe(200);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it("may hold 1 MiB of task, however it is escaped", async () => {
    await using server = await startTestServer();
    const task = "\\u0001".repeat(mebibyte);
    const body = `{"task":"${task}","repository":${JSON.stringify(repository)}}`;
    expect(await post(server, body)).toMatchObject({ status: 422, problem: { code: "BASE_MISSING" } });
  });

  it("that names a prototype is told where", async () => {
    await using server = await startTestServer();
    const { problem } = await post(server, `{"task":"x","labels":{"a":"b","__proto__":"x"}}`);
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(["/labels/__proto__"]);
  });

  it.each([
    ["fields", `{"task":"x"${Array.from({ length: 500_000 }, (_, at) => `,"${at}":0`).join("")}}`],
    ["values", `{"task":"x","gates":[${Array(3_000_000).fill(0).join(",")}]}`],
  ])("with millions of %s is refused before anybody looks at them", async (_, body) => {
    await using server = await startTestServer();
    expect(await post(server, body)).toMatchObject({
      status: 400,
      problem: { detail: "The body may hold 1000 values." },
    });
  });

  it("with a name of megabytes is refused", async () => {
    await using server = await startTestServer();
    const key = "a.".repeat(3_490_000);
    const body = JSON.stringify({ task: "x", repository: { ...repository, key } });
    expect(await post(server, body)).toMatchObject({ status: 400, problem: { code: "BAD_REQUEST" } });
  });

  it("with invalid UTF-8 is refused", async () => {
    await using server = await startTestServer();
    const body = Buffer.concat([Buffer.from('{"task":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(await post(server, body)).toMatchObject({
      status: 400,
      problem: { detail: "The body is not valid UTF-8." },
    });
  });

  it.each([
    ["gzip", { "Content-Encoding": "gzip" }],
    ["of another type", { "Content-Type": "text/plain" }],
    ["of a form", { "Content-Type": "application/x-www-form-urlencoded" }],
    ["in another encoding", { "Content-Type": "application/json; charset=utf-16" }],
  ])("that is %s is not read", async (_, headers) => {
    await using server = await startTestServer();
    expect(await post(server, gzipSync(Buffer.alloc(mebibyte)), headers)).toMatchObject({ status: 415 });
  });

  it("with what there is not is refused with pointers", async () => {
    await using server = await startTestServer();
    const body = { task: "x", repository: { ...repository, depth: 1 }, "a/b~c": 1, limits: { turns: -1 } };
    const { status, problem } = await post(server, JSON.stringify(body));
    expect(status).toBe(400);
    expect(problem.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      "/a~1b~0c",
      "/limits/turns",
      "/repository/depth",
    ]);
  });

  it.each([
    ["/gates", { gates: ["tests"] }],
    ["/mode", { mode: "plan" }],
    ["/limits/tokens", { limits: { tokens: 1 } }],
  ])("that asks for %s is told that this version does not have it", async (pointer, fields) => {
    await using server = await startTestServer();
    const { status, problem } = await post(server, JSON.stringify({ task: "x", repository, ...fields }));
    expect([status, problem.code, problem.errors?.[0]?.pointer]).toEqual([422, "UNSUPPORTED", pointer]);
  });

  it.each([
    ["AGENT_UNKNOWN", { agent: "nobody" }],
    ["SESSION_UNKNOWN", { session: "none" }],
    ["REPOSITORY_REFUSED", { repository: { url: "https://example.org/x.git", base: "main" } }],
    ["REPOSITORY_REFUSED", { repository: { path: "/etc", base: "HEAD" } }],
    ["BASE_MISSING", {}],
  ])("that cannot be done is %s", async (code, fields) => {
    await using server = await startTestServer();
    const { status, problem } = await post(server, JSON.stringify({ task: "x", repository, ...fields }));
    expect([status, problem.code]).toEqual([422, code]);
  });
});

describe("a request", () => {
  it.each([
    ["with headers of 17 KiB", head(`X: ${"x".repeat(17 * 1024)}`), 431],
    ["with two lengths", head("Content-Type: application/json", "Content-Length: 2", "Content-Length: 3"), 400],
    ["with a length and chunks", head("Content-Length: 2", "Transfer-Encoding: chunked"), 400],
    ["that is no HTTP", "\u0016\u0003\u0001\r\n\r\n", 400],
    ["without a host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["through a proxy", "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
    ["with a backslash", "GET /api\\v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
    ["with a method that is none", "BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
  ])("%s is refused", async (_, bytes, status) => {
    await using server = await startTestServer();
    const answer = await sendRaw(server.url, bytes);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain("application/problem+json");
  });

  it("whose headers do not come to an end is given up", async () => {
    await using server = await startTestServer({ limits: { headersMs: 200 } });
    const answer = await sendRaw(server.url, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
    expect(answer.status).toBe(408);
    expect(answer.text).toContain('"code":"REQUEST_TIMEOUT"');
  });

  it("whose body does not come is given up", async () => {
    await using server = await startTestServer({ limits: { bodyMs: 200 } });
    const bytes = `${head("Content-Type: application/json", "Content-Length: 100")}{"task`;
    expect(await sendRaw(server.url, bytes)).toMatchObject({ status: 408 });
    const push =
      "POST /api/v1/repositories/app.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n";
    await using slow = await startTestServer({ limits: { pushIdleMs: 200 } });
    const type = "Content-Type: application/x-git-receive-pack-request";
    expect(await sendRaw(slow.url, `${push}${type}\r\n${authorization}\r\n\r\n0094`)).toMatchObject({ status: 408 });
  });

  it("that is refused before anybody reads it does not go on", async () => {
    await using server = await startTestServer();
    expect(await sendRaw(server.url, sendForEver())).toMatchObject({ status: 403 });
  });

  it("that goes on for ever is cut off, and takes no memory", async () => {
    await using server = await startTestServer();
    const chunk = Buffer.alloc(64 * 1024, "x");
    const before = process.memoryUsage().rss;
    let sentBytes = 0;
    const endless = async function* () {
      yield Buffer.from(head("Content-Type: application/json", "Transfer-Encoding: chunked"));
      for (; sentBytes < 256 * mebibyte; sentBytes += chunk.length) {
        yield Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]);
      }
    };
    const answers = await Promise.all([0, 1, 2, 3].map(() => sendRaw(server.url, endless())));
    for (const { status } of answers) expect(status).toBeOneOf([413, 0]);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * mebibyte);
    expect((await server.request("/healthz")).status).toBe(200);
  });

  it("to push that unpacks to more than may be pushed is refused", async () => {
    await using server = await startTestServer({ limits: { pushBytes: mebibyte } });
    const sha = "b".repeat(40);
    const command = `${"0".repeat(40)} ${sha} refs/inbox/${sha}\0 report-status`;
    const line = (command.length + 4).toString(16).padStart(4, "0") + command;
    const bomb = gzipSync(Buffer.concat([Buffer.from(`${line}0000`), Buffer.alloc(512 * mebibyte)]));
    const before = process.memoryUsage().rss;
    const answer = await server.request("/api/v1/repositories/app.git/git-receive-pack", {
      method: "POST",
      headers: { "Content-Type": "application/x-git-receive-pack-request", "Content-Encoding": "gzip" },
      body: bomb,
    });
    // git may have found before that this is no pack.
    expect(`${answer.status} ${await answer.text()}`).toMatch(/^413 |^200 [^]*unpack /);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * mebibyte);
    const announced = await server.request("/api/v1/repositories/app.git/git-receive-pack", {
      method: "POST",
      headers: { "Content-Type": "application/x-git-receive-pack-request" },
      body: Buffer.alloc(mebibyte + 1),
    });
    expect(announced.status).toBe(413);
  });

  it.each([
    ["another version", "2", 426],
    ["this version", "1", 200],
    ["this version, more exactly", "1.4", 200],
  ])("that speaks %s of the API is answered so", async (_, version, status) => {
    await using server = await startTestServer();
    const answer = await server.request("/api/v1/tasks", { headers: { "Agent-Worker-Api": version } });
    expect(answer.status).toBe(status);
  });
});

it("tells nobody why it failed, but its log", async () => {
  await using server = await startTestServer();
  await server.store[Symbol.asyncDispose]();
  const answer = await server.request("/api/v1/tasks");
  expect(answer.status).toBe(500);
  const text = await answer.text();
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem).toMatchObject({ code: "INTERNAL", retryable: true });
  expect(text).not.toMatch(/node:|\.ts|at |sqlite|\/tmp/);
  const logged = server.log.map((line) => JSON.parse(line)).find(({ msg }) => msg === "failed");
  expect(logged).toMatchObject({ requestId: problem.requestId, err: { stack: expect.any(String) } });
  expect((await server.request("/readyz")).status).toBe(503);
  expect(await (await server.request("/health")).json()).toMatchObject({
    status: "degraded",
    store: { status: "failing" },
  });
});

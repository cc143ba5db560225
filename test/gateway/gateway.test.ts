import { existsSync, statSync } from "node:fs";
import { Agent } from "node:http";
import { describe, expect, test } from "vitest";
import { openGateway } from "../../src/gateway/gateway.ts";
import { startScriptedModel } from "../support/model/server.ts";
import { ask, closed, openTestGateway, openTestUpstream, secret, sendRaw } from "./support.ts";

const body = (stream: boolean): string =>
  JSON.stringify({ model: "m", stream, messages: [], tools: [{ name: "Bash" }] });
const json = { "content-type": "application/json" };

describe("openGateway", () => {
  test("forwards a call with its body, the query and the base URL's path, and adds the key", async () => {
    let got = "";
    await using upstream = await openTestUpstream((request, response) => {
      request.on("data", (part) => (got += String(part)));
      request.on("end", () => response.writeHead(200, json).end('{"ok":true}'));
    });
    await using opened = await openTestGateway(`${upstream.url}/company/anthropic/`);
    const answer = await ask(opened.socketPath, {
      path: "/v1/messages?beta=true",
      headers: { "x-api-key": "made-up", "anthropic-version": "2023-06-01" },
      body: '{"a":"ä"}',
    });
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(got).toBe('{"a":"ä"}');
    expect(upstream.requests).toMatchObject([
      {
        method: "POST",
        url: "/company/anthropic/v1/messages?beta=true",
        headers: { "x-api-key": secret, "anthropic-version": "2023-06-01", "accept-encoding": "identity" },
      },
    ]);
    expect(await opened.audited(1)).toEqual([
      {
        ts: expect.stringMatching(/^\d{4}-.*Z$/),
        method: "POST",
        host: new URL(upstream.url).host,
        path: "/v1/messages",
        decision: "allow",
        status: 200,
        requestBytes: 10,
        responseBytes: 11,
        durationMs: expect.any(Number),
      },
    ]);
  });

  test("is open to any user of its directory and refuses a path that no socket can have", async () => {
    await using opened = await openTestGateway("http://127.0.0.1:1");
    expect(statSync(opened.socketPath).mode & 0o777).toBe(0o666);
    const socketPath = `/tmp/${"x".repeat(120)}`;
    const upstream = { baseUrl: "http://127.0.0.1:1", credential: { kind: "api-key", value: secret } } as const;
    await expect(openGateway({ socketPath, upstream, audit: () => {} })).rejects.toMatchObject({
      code: "STATE_UNWRITABLE",
    });
  });

  test.each([
    ["not a url", secret],
    ["ftp://example.com", secret],
    [`https://user:${secret}@example.com`, secret],
    [`https://example.com/?key=${secret}`, secret],
    ["https://example.com", ""],
    ["https://example.com", `${secret}\nx`],
  ])("refuses %s without repeating what it holds", async (baseUrl, value) => {
    const error = await openTestGateway(baseUrl, { credential: { kind: "api-key", value } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    expect(String(error)).not.toContain(secret);
  });

  test("adds up the tokens of streamed and whole answers, and of parallel ones", async () => {
    const tokens = { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 };
    await using model = await startScriptedModel({
      steps: [{ content: [{ type: "text", text: "Hello" }], tokens, repeat: "forever" }],
    });
    await using opened = await openTestGateway(model.url);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => ask(opened.socketPath, { body: body(index % 2 === 0) })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(answers[0]?.body).toContain("event: message_stop");
    expect(JSON.parse(answers[1]?.body ?? "")).toMatchObject({ content: [{ type: "text", text: "Hello" }] });
    await opened.audited(100);
    const total = { inputTokens: 1000, outputTokens: 2000, cacheReadTokens: 3000, cacheWriteTokens: 4000 };
    expect(opened.gateway.usage()).toEqual(total);
    expect(opened.gateway.failure()).toBeNull();
    await ask(opened.socketPath, { path: "/v1/messages/count_tokens", body: body(false) });
    await opened.audited(101);
    expect(opened.gateway.usage()).toEqual(total);
  });
});

describe("what is not a call of the model", () => {
  test.each([
    "GET http://evil.example/v1/messages HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    "POST /v1/messages HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 2\r\n\r\n{}",
    "POST /v1/messages HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}",
    "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n",
    "GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "GET /v1/models/../files HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "GET //evil.example/v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
  ])("is denied and written down: %j", async (raw) => {
    await using upstream = await openTestUpstream((_request, response) => response.end("reached"));
    await using opened = await openTestGateway(upstream.url);
    const answer = await sendRaw(opened.socketPath, raw);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"type":"permission_error"');
    expect(await opened.audited(1)).toMatchObject([{ decision: "deny", status: 403, method: raw.split(" ")[0] }]);
    expect(upstream.requests).toEqual([]);
  });

  test("is denied when it is no HTTP at all", async () => {
    await using opened = await openTestGateway("http://127.0.0.1:1");
    expect(await sendRaw(opened.socketPath, "\u0016\u0003\u0001 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await opened.audited(1)).toMatchObject([{ decision: "deny", status: 400, method: "" }]);
  });
});

describe("the credential", () => {
  test("is taken out of answers that repeat it, also when it comes in pieces", async () => {
    await using upstream = await openTestUpstream((request, response) => {
      const key = String(request.headers["x-api-key"]);
      response.writeHead(418, { ...json, "x-echo": key });
      const body = `{"type":"error","error":{"type":"api_error","message":"bad ${key}"}}`;
      const middle = body.indexOf(key) + 5;
      response.write(body.slice(0, middle), () => response.end(body.slice(middle)));
    });
    await using opened = await openTestGateway(upstream.url);
    const answer = await ask(opened.socketPath, { path: `/v1/messages?key=${secret}` });
    expect(answer).toMatchObject({
      status: 418,
      headers: { "x-echo": "[redacted]" },
      body: '{"type":"error","error":{"type":"api_error","message":"bad [redacted]"}}',
    });
    await ask(opened.socketPath, { path: `/${secret}` });
    expect(JSON.stringify(await opened.audited(2))).not.toContain(secret);
  });

  test("may begin at the end of an answer without being there", async () => {
    await using upstream = await openTestUpstream((_request, response) => response.end(`text ${secret.slice(0, 9)}`));
    await using opened = await openTestGateway(upstream.url);
    expect((await ask(opened.socketPath)).body).toBe(`text ${secret.slice(0, 9)}`);
  });

  test("is not in the failure that repeats the provider's words", async () => {
    await using upstream = await openTestUpstream((request, response) => {
      const message = `invalid key ${String(request.headers["x-api-key"])}`;
      response.writeHead(401, json).end(JSON.stringify({ error: { type: "authentication_error", message } }));
    });
    await using opened = await openTestGateway(upstream.url);
    await ask(opened.socketPath);
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({
      code: "MODEL_CREDENTIAL",
      message: expect.stringContaining("[redacted]"),
    });
    expect(JSON.stringify(opened.gateway.failure())).not.toContain(secret);
  });
});

describe("connections", () => {
  test("of the container stay open between requests, those to the provider until the gateway is closed", async () => {
    let left: Promise<void> | undefined;
    await using upstream = await openTestUpstream((request, response) => {
      left ??= closed(request.socket);
      response.end("{}");
    });
    const opened = await openTestGateway(upstream.url);
    const agent = new Agent({ keepAlive: true });
    const first = await ask(opened.socketPath, { agent });
    // A server that closes idle connections says so here.
    expect(first.headers).toMatchObject({ connection: "keep-alive" });
    expect(first.headers).not.toHaveProperty("keep-alive");
    await opened[Symbol.asyncDispose]();
    await left;
    agent.destroy();
  });
});

describe("closing", () => {
  test("breaks off what is on its way and leaves no socket", async () => {
    const arrived: Promise<unknown>[] = [];
    const left: Promise<unknown>[] = [];
    const allReached = Promise.withResolvers<void>();
    await using upstream = await openTestUpstream((request, response) => {
      left.push(closed(request.socket));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
      if (left.length === 20) allReached.resolve();
    });
    const opened = await openTestGateway(upstream.url);
    for (let count = 0; count < 20; count += 1) arrived.push(ask(opened.socketPath));
    const endings = Promise.allSettled(arrived);
    await allReached.promise;
    await opened.gateway[Symbol.asyncDispose]();
    expect(existsSync(opened.socketPath)).toBe(false);
    expect((await endings).map((ending) => ending.status)).toEqual(Array.from({ length: 20 }, () => "rejected"));
    await Promise.all(left);
    expect(opened.gateway.failure()).toBeNull();
    await opened[Symbol.asyncDispose]();
  });
});

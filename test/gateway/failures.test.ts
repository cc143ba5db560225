import { createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startScriptedModel } from "../support/model/server.ts";
import { ask, begin, listen, openTestGateway, openTestUpstream, secret } from "./support.ts";

const main = JSON.stringify({ model: "m", stream: true, messages: [], tools: [{ name: "Bash" }] });
const limits = { connectTimeoutMs: 200, headersTimeoutMs: 200, bodyTimeoutMs: 200 };
const text = [{ type: "text" as const, text: "A few words, in more than one delta, so that something can go wrong." }];

describe("errors of the provider", () => {
  test.each([
    [401, "MODEL_CREDENTIAL"],
    [403, "MODEL_CREDENTIAL"],
    [429, "MODEL_RATE_LIMIT"],
    [500, "MODEL_OVERLOADED"],
    [529, "MODEL_OVERLOADED"],
  ])("%i passes untouched and is remembered as %s until a call goes well", async (status, code) => {
    await using model = await startScriptedModel({
      steps: [{ error: { status, headers: { "retry-after": "7" } } }, { content: text }],
    });
    await using opened = await openTestGateway(model.url);
    const answer = await ask(opened.socketPath, { body: main });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ "retry-after": "7", "x-should-retry": String(status >= 429) });
    expect(JSON.parse(answer.body)).toMatchObject({ type: "error", error: { message: expect.any(String) } });
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code });
    expect(opened.gateway.usage()).toMatchObject({ inputTokens: 0, outputTokens: 0 });
    await ask(opened.socketPath, { body: main });
    await opened.audited(2);
    expect(opened.gateway.failure()).toBeNull();
  });

  test("an error in the middle of a stream is remembered", async () => {
    await using model = await startScriptedModel({
      steps: [{ content: text, error: { status: 529, inStream: true } }],
    });
    await using opened = await openTestGateway(model.url);
    expect((await ask(opened.socketPath, { body: main })).body).toContain("event: error");
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_OVERLOADED" });
  });

  test("a redirect is not followed", async () => {
    await using other = await openTestUpstream((_request, response) => response.end("{}"));
    await using upstream = await openTestUpstream((_request, response) => {
      response.writeHead(307, { location: `${other.url}/v1/messages?key=1` }).end();
    });
    await using opened = await openTestGateway(upstream.url);
    const answer = await ask(opened.socketPath);
    expect(answer).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
    expect(answer.headers).not.toHaveProperty("location");
    expect(answer.body).toContain(`redirects to ${new URL(other.url).host} (307)`);
    expect(other.requests).toEqual([]);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });

  test("an answer compressed against our wish is read, counted and cleaned all the same", async () => {
    await using upstream = await openTestUpstream((_request, response) => {
      const body = gzipSync(JSON.stringify({ text: secret, usage: { input_tokens: 3, output_tokens: 4 } }));
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(body);
    });
    await using opened = await openTestGateway(upstream.url);
    const answer = await ask(opened.socketPath);
    expect(answer.headers).not.toHaveProperty("content-encoding");
    expect(JSON.parse(answer.body)).toMatchObject({ text: "[redacted]" });
    await opened.audited(1);
    expect(opened.gateway.usage()).toMatchObject({ inputTokens: 3, outputTokens: 4 });
  });

  test("an answer in an unknown encoding is refused", async () => {
    await using upstream = await openTestUpstream((_request, response) => {
      response.writeHead(200, { "content-encoding": "odd" }).end(secret);
    });
    await using opened = await openTestGateway(upstream.url);
    expect(await ask(opened.socketPath)).toMatchObject({ status: 502, body: expect.stringContaining("(odd)") });
  });
});

describe("a provider that cannot be asked", () => {
  test("refuses connections: one clear answer, not to be tried again", async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((done) => server.close(done));
    await using opened = await openTestGateway(`http://127.0.0.1:${port}`);
    const answer = await ask(opened.socketPath, { path: "/v1/messages?key=value" });
    expect(answer).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
    expect(JSON.parse(answer.body)).toMatchObject({ type: "error", error: { type: "api_error" } });
    expect(answer.body).toContain(`127.0.0.1:${port} refuses connections`);
    expect(answer.body).not.toContain("key=value");
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
    expect(await opened.audited(1)).toMatchObject([{ decision: "allow", status: 502 }]);
  });

  test("has no address", async () => {
    await using opened = await openTestGateway("http://no-such-host.invalid");
    expect(await ask(opened.socketPath)).toMatchObject({ status: 502, headers: { "x-should-retry": "false" } });
    expect(opened.gateway.failure()).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: expect.stringContaining("no-such-host.invalid has no address"),
    });
  });

  test("closes the connection: the CLI may try again", async () => {
    await using model = await startScriptedModel({ steps: [{ refuse: true }] });
    await using opened = await openTestGateway(model.url);
    expect(await ask(opened.socketPath, { body: main })).toMatchObject({
      status: 502,
      headers: { "x-should-retry": "true" },
    });
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });

  test("does not answer in time", async () => {
    await using model = await startScriptedModel({ steps: [{ hang: "headers" }] });
    await using opened = await openTestGateway(model.url, { limits });
    expect(await ask(opened.socketPath, { body: main })).toMatchObject({
      status: 504,
      headers: { "x-should-retry": "false" },
    });
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_TIMEOUT" });
  });

  test("does not take the connection in time", async () => {
    const server = createTcpServer();
    const url = `https://127.0.0.1:${await listen(server)}`;
    await using opened = await openTestGateway(url, { limits: { connectTimeoutMs: 200 } });
    expect(await ask(opened.socketPath)).toMatchObject({ status: 504, headers: { "x-should-retry": "false" } });
    expect(opened.gateway.failure()).toMatchObject({ message: expect.stringContaining("(CONNECT_TIMEOUT)") });
    server.close();
  });

  test("stops in the middle of an answer: the container's answer breaks too, and the tokens count", async () => {
    await using model = await startScriptedModel({ steps: [{ content: text, hang: "body", tokens: { input: 9 } }] });
    await using opened = await openTestGateway(model.url, { limits });
    await expect(ask(opened.socketPath, { body: main })).rejects.toThrow("aborted");
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_TIMEOUT" });
    expect(opened.gateway.usage()).toMatchObject({ inputTokens: 9, outputTokens: 1 });
  });

  test("breaks off in the middle of an event", async () => {
    await using model = await startScriptedModel({ steps: [{ content: text, cut: "in-delta" }] });
    await using opened = await openTestGateway(model.url);
    await expect(ask(opened.socketPath, { body: main })).rejects.toThrow("aborted");
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });

  test("is not blamed when the container goes away", async () => {
    const hang = { content: text, hang: "body" as const };
    await using model = await startScriptedModel({ steps: [hang, { error: { status: 429 } }, hang] });
    await using opened = await openTestGateway(model.url);
    const leave = async (): Promise<void> => void (await begin(opened.socketPath, { body: main })).destroy();
    await leave();
    expect(await opened.audited(1)).toMatchObject([{ decision: "allow", status: 200 }]);
    expect(opened.gateway.failure()).toBeNull();
    await ask(opened.socketPath, { body: main });
    await leave();
    await opened.audited(3);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_RATE_LIMIT" });
  });
});

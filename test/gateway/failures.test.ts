import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startScriptedModel } from "../support/model/server.ts";
import { ask, begin, openTestGateway, openTestUpstream, secret } from "./support.ts";

const main = JSON.stringify({ model: "m", stream: true, messages: [], tools: [{ name: "Bash" }] });
const limits = { connectTimeoutMs: 200, headersTimeoutMs: 200, bodyTimeoutMs: 200 };
const text = [{ type: "text" as const, text: "A few words, in more than one delta, so that something can go wrong." }];

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

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
    expect(opened.gateway.failure()).toMatchObject({ code, status, at: expect.stringMatching(/Z$/) });
    expect(opened.gateway.usage().requests).toBe(0);
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
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_OVERLOADED", status: 200 });
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
    expect(opened.gateway.usage()).toMatchObject({ requests: 1, inputTokens: 3, outputTokens: 4 });
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
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE", status: null });
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

  test("stops in the middle of an answer: the container's answer breaks too, and the tokens count", async () => {
    await using model = await startScriptedModel({ steps: [{ content: text, hang: "body", tokens: { input: 9 } }] });
    await using opened = await openTestGateway(model.url, { limits });
    await expect(ask(opened.socketPath, { body: main })).rejects.toThrow();
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_TIMEOUT" });
    expect(opened.gateway.usage()).toMatchObject({ requests: 1, inputTokens: 9, outputTokens: 1 });
  });

  test("breaks off in the middle of an event", async () => {
    await using model = await startScriptedModel({ steps: [{ content: text, cut: "in-delta" }] });
    await using opened = await openTestGateway(model.url);
    await expect(ask(opened.socketPath, { body: main })).rejects.toThrow();
    await opened.audited(1);
    expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });

  test("is not blamed when the container goes away", async () => {
    await using model = await startScriptedModel({ steps: [{ content: text, hang: "body" }] });
    await using opened = await openTestGateway(model.url);
    const answer = await begin(opened.socketPath, { body: main });
    answer.destroy();
    expect(await opened.audited(1)).toMatchObject([{ decision: "allow", status: 200 }]);
    expect(opened.gateway.failure()).toBeNull();
  });
});

describe("TLS and proxies", () => {
  const tls = {
    key: readFileSync("test/fixtures/tls/localhost.key"),
    cert: readFileSync("test/fixtures/tls/localhost.crt"),
  };

  async function openSecureUpstream() {
    const server = createServer(tls, (_request, response) => response.end("{}"));
    const port = await listen(server);
    return {
      url: `https://localhost:${port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      },
    };
  }

  test("a certificate nobody trusts is named, with the way to trust it", async () => {
    await using upstream = await openSecureUpstream();
    await using opened = await openTestGateway(upstream.url);
    expect((await ask(opened.socketPath)).status).toBe(502);
    expect(opened.gateway.failure()).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: expect.stringContaining("certificate"),
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
  });

  test("a certificate that Node trusts is trusted", async () => {
    await using upstream = await openSecureUpstream();
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, tls.cert.toString()]);
    try {
      await using opened = await openTestGateway(upstream.url);
      expect((await ask(opened.socketPath)).status).toBe(200);
    } finally {
      setDefaultCACertificates(before);
    }
  });

  test("a proxy is used, with its password, which is never told", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createHttpServer((request, response) => {
      asked.push(request.url, request.headers["proxy-authorization"]);
      response.writeHead(asked.length === 2 ? 200 : 407).end("{}");
    });
    proxy.on("connect", (request, socket) => {
      asked.push(request.url, request.headers["proxy-authorization"]);
      const { port } = new URL(`http://${request.url ?? ""}`);
      const to = connect(Number(port), "127.0.0.1");
      to.on("error", () => socket.destroy());
      socket.on("error", () => to.destroy());
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(to).pipe(socket);
    });
    const proxyUrl = `http://user:password@127.0.0.1:${await listen(proxy)}`;
    const basic = `Basic ${Buffer.from("user:password").toString("base64")}`;
    {
      await using secure = await openSecureUpstream();
      await using opened = await openTestGateway(secure.url, { proxyUrl });
      await ask(opened.socketPath);
      expect(asked).toEqual([new URL(secure.url).host, basic]);
      expect(JSON.stringify(opened.gateway.failure())).toContain("certificate");
    }
    asked.length = 0;
    await using opened = await openTestGateway("http://api.example.com", { proxyUrl });
    expect((await ask(opened.socketPath)).status).toBe(200);
    expect(asked).toEqual(["http://api.example.com/v1/messages", basic]);
    expect((await ask(opened.socketPath)).body).toContain("the proxy answered 407");
    expect(JSON.stringify(opened.gateway.failure())).not.toContain("password");
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  });

  test("a proxy that refuses is named as such", async () => {
    const proxy = createHttpServer();
    proxy.on("connect", (_request, socket) => socket.end("HTTP/1.1 403 No\r\n\r\n"));
    const proxyUrl = `http://user:password@127.0.0.1:${await listen(proxy)}`;
    await using opened = await openTestGateway("https://api.example.com", { proxyUrl });
    expect((await ask(opened.socketPath)).body).toContain("the proxy answered 403");
    expect(JSON.stringify(opened.gateway.failure())).not.toContain("password");
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  });
});

import { IncomingMessage, ServerResponse } from "node:http";
import { createServer, Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { forward } from "../../src/gateway/forward.ts";
import { openLedger } from "../../src/gateway/ledger.ts";
import type { Upstream, UpstreamAnswer } from "../../src/gateway/upstream.ts";
import { createRedactor } from "../../src/util/redact.ts";
import { ask, listen, openTestGateway, secret, sendRaw } from "./support.ts";

const question = { body: JSON.stringify({ model: "m", messages: [] }) };

/** A provider that answers every request with these bytes. */
async function openRawUpstream(answer: string) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(Buffer.from(answer, "latin1")));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done))),
  };
}

/** What becomes of a request that is answered so. */
async function forwardFrom(answer: UpstreamAnswer) {
  const ledger = openLedger();
  const credential = { kind: "api-key", value: secret } as const;
  const upstream: Upstream = {
    host: "model.example.com",
    open: () => Promise.resolve(),
    send: async () => answer,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const model = { upstream, credential, redactor: createRedactor([secret]), ledger };
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const target = { allowed: true, path: "/v1/messages", query: "", isMessages: true } as const;
  const forwarded = await forward({ request, response, target, signal: new AbortController().signal }, model);
  return { response, ledger, forwarded };
}

const build = (headers: readonly string[], body: object = {}, status = 200): string => {
  const text = JSON.stringify(body);
  const head = [`HTTP/1.1 ${status} Odd`, "content-type: application/json", `content-length: ${text.length}`];
  return `${[...head, ...headers].join("\r\n")}\r\n\r\n${text}`;
};

describe("a model endpoint that means harm ends no more than its answer", () => {
  test.each([["constructor"], ["__proto__"], ["toString"], ["gzip", "constructor"], ["gzip", "gzip"]])(
    "by the encoding %s %s",
    async (...encodings) => {
      await using upstream = await openRawUpstream(build(encodings.map((encoding) => `content-encoding: ${encoding}`)));
      await using opened = await openTestGateway(upstream.url);
      expect(await ask(opened.socketPath, question)).toMatchObject({
        status: 502,
        body: expect.stringContaining("answers in an encoding nobody asked for"),
      });
      expect(opened.gateway.failure()).toMatchObject({ code: "MODEL_UNREACHABLE" });
    },
  );

  test.each([
    ["content-type", "application/json"],
    ["connection", "close"],
    ["retry-after", "5"],
    ["vary", "origin"],
  ])("by saying %s twice", async (name, value) => {
    await using upstream = await openRawUpstream(build([`${name}: ${value}`, `${name}: ${value}`]));
    await using opened = await openTestGateway(upstream.url);
    const answer = await ask(opened.socketPath, question);
    expect(answer.status).toBe(200);
    expect(await opened.audited(1)).toMatchObject([{ decision: "allow", status: 200 }]);
  });

  test("by an answer that cannot be passed on", async () => {
    const { response, ledger, forwarded } = await forwardFrom({ status: 5, headers: {}, body: Readable.from([]) });
    expect(forwarded).toMatchObject({ status: null, responseBytes: 0 });
    expect([response.destroyed, ledger.failure()?.code]).toEqual([true, "MODEL_UNREACHABLE"]);
  });

  test.each(["constructor", "__proto__", "toString"])("by an error of the type %s", async (type) => {
    await using upstream = await openRawUpstream(build([], { type: "error", error: { type, message: "m" } }));
    await using opened = await openTestGateway(upstream.url);
    await ask(opened.socketPath, question);
    await opened.audited(1);
    expect(opened.gateway.failure()).toBeNull();
  });

  test.each([
    ["a header named constructor", build(["constructor: x", "constructor: y"])],
    ["a header named __proto__", build(["__proto__: x", "__proto__: y"])],
    ["a header in UTF-8", build(["x-odd: \u00e2\u0098\u0083"])],
    ["a status that is none", build([], {}, 99)],
    ["a status above all", build([], {}, 999)],
    ["something that is not HTTP", "\u0000\u0000\r\n\r\n"],
  ])("by %s", async (_, bytes) => {
    await using upstream = await openRawUpstream(bytes);
    await using opened = await openTestGateway(upstream.url);
    await ask(opened.socketPath, question).catch(() => null);
    expect(await opened.audited(1)).toMatchObject([{ decision: "allow" }]);
    expect(await sendRaw(opened.socketPath, "GET / HTTP/1.1\r\nhost: x\r\n\r\n")).toMatch(/^HTTP\/1.1 403/);
  });
});

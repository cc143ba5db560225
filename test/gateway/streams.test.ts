import { EventEmitter, once } from "node:events";
import { spawn } from "node:child_process";
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { begin, closed, openTestGateway, openTestUpstream, settled } from "./support.ts";

const megabyte = 1024 * 1024;
const sse = { "content-type": "text/event-stream" };

describe("streams", () => {
  test("hands each event on before the next one is written", async () => {
    const events = Array.from({ length: 20 }, (_, index) => `event: ping\ndata: {"n":${index}}\n\n`);
    const turns = new EventEmitter();
    await using upstream = await openTestUpstream((_request, response) => {
      response.writeHead(200, sse).flushHeaders();
      const left = [...events];
      turns.on("next", () => {
        const event = left.shift();
        if (event === undefined) response.end();
        else response.write(event);
      });
    });
    await using opened = await openTestGateway(upstream.url);
    const answer = await begin(opened.socketPath);
    const got: string[] = [];
    turns.emit("next");
    for await (const chunk of answer) {
      got.push(String(chunk));
      turns.emit("next");
    }
    expect(got).toEqual(events);
  });

  test("hands each part of a request on before the next one is written", async () => {
    const parts = ["one", "two", "three"];
    const got: string[] = [];
    const arrivals = new EventEmitter();
    await using upstream = await openTestUpstream((request, response) => {
      request.on("data", (chunk) => {
        got.push(String(chunk));
        arrivals.emit("part");
      });
      request.on("end", () => response.end("{}"));
    });
    await using opened = await openTestGateway(upstream.url);
    const headers = { host: "localhost", "content-length": parts.join("").length };
    const asked = request({
      socketPath: opened.socketPath,
      method: "POST",
      path: "/v1/messages",
      headers,
      agent: false,
    });
    const answered = once(asked, "response");
    for (const part of parts) {
      const arrived = once(arrivals, "part");
      asked.write(part);
      await arrived;
    }
    asked.end();
    const [answer] = await answered;
    answer.resume();
    expect(got).toEqual(parts);
  });

  test("waits for a reader who waits, and brings him all of 64 MB", async () => {
    const total = 64 * megabyte;
    const chunk = Buffer.alloc(64 * 1024, 0x78);
    let written = 0;
    await using upstream = await openTestUpstream((_request, response) => {
      response.writeHead(200, sse);
      const write = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    await using opened = await openTestGateway(upstream.url);
    const answer = await begin(opened.socketPath);
    // Nobody reads: what is on its way fills the buffers of two sockets and of the gateway, and no more.
    expect(await settled(() => written)).toBeLessThan(32 * megabyte);
    let read = 0;
    for await (const part of answer) read += Buffer.byteLength(part);
    expect(read).toBe(total);
  });

  test("waits for a provider who reads slowly", async () => {
    const total = 64 * megabyte;
    let read = 0;
    const turns = new EventEmitter();
    await using upstream = await openTestUpstream((request, response) => {
      turns.once("read", () => {
        request.on("data", (part: Buffer) => (read += part.length));
        request.on("end", () => response.end("{}"));
      });
    });
    await using opened = await openTestGateway(upstream.url);
    const headers = { host: "localhost", "content-length": total };
    const asked = request({
      socketPath: opened.socketPath,
      method: "POST",
      path: "/v1/messages",
      headers,
      agent: false,
    });
    const answered = once(asked, "response");
    const chunk = Buffer.alloc(64 * 1024, 0x78);
    let written = 0;
    const write = (): void => {
      while (written < total) {
        written += chunk.length;
        if (!asked.write(chunk)) {
          asked.once("drain", write);
          return;
        }
      }
      asked.end();
    };
    write();
    expect(await settled(() => written)).toBeLessThan(32 * megabyte);
    turns.emit("read");
    const [answer] = await answered;
    answer.resume();
    expect(read).toBe(total);
  });

  test("lets an early answer through before the request has ended", async () => {
    await using upstream = await openTestUpstream((_request, response) => {
      response.writeHead(413, { "content-type": "application/json", connection: "close" }).end('{"error":"too large"}');
    });
    await using opened = await openTestGateway(upstream.url);
    const headers = { host: "localhost", "content-length": 20 * megabyte };
    const asked = request({
      socketPath: opened.socketPath,
      method: "POST",
      path: "/v1/messages",
      headers,
      agent: false,
    });
    asked.on("error", () => {});
    asked.write("the beginning");
    const [answer] = await once(asked, "response");
    expect(answer.statusCode).toBe(413);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('{"error":"too large"}');
    asked.destroy();
  });

  test("tells the provider at once that the container has gone, before and within an answer", async () => {
    const left: Promise<void>[] = [];
    const turns = new EventEmitter();
    await using upstream = await openTestUpstream((request, response) => {
      left.push(closed(request.socket));
      if (left.length === 2) response.writeHead(200, sse).write(": begun\n\n");
      turns.emit("arrival");
    });
    await using opened = await openTestGateway(upstream.url);
    const arrived = once(turns, "arrival");
    const gone = new AbortController();
    const first = begin(opened.socketPath, { signal: gone.signal }).catch(() => "gone");
    await arrived;
    gone.abort();
    expect(await first).toBe("gone");
    await left[0];
    (await begin(opened.socketPath)).destroy();
    await left[1];
    expect(await opened.audited(2)).toMatchObject([{ status: null }, { status: 200 }]);
    expect(opened.gateway.failure()).toBeNull();
  });

  test("leaves nothing that keeps a process alive", async () => {
    const child = spawn(process.execPath, ["test/gateway/close-in-flight.ts"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => (said += String(chunk)));
    expect(await once(child, "close")).toEqual([0, null]);
    expect(said).toBe("closed, socket gone\n");
  });
});

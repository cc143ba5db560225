import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { readSocket } from "./readers.ts";
import { buildMessages, createStreamWorld } from "./stream-world.ts";

const upgrade = (taskId: string): string =>
  [
    `GET /ws/tasks/${taskId} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "\r\n",
  ].join("\r\n");

async function readRefusal(webSocket: WebSocket): Promise<{ status: number | undefined; problem: unknown }> {
  webSocket.on("error", () => undefined);
  const [, response] = await once(webSocket, "unexpected-response");
  return { status: response.statusCode, problem: JSON.parse(await text(response)) };
}

describe("a connection whose other end is gone", () => {
  test("is ended when a ping is not answered", async () => {
    await using world = await createStreamWorld({ pingMs: 20, pongMs: 20 });
    const task = await world.startTask();
    const client = connect(world.port, "127.0.0.1");
    client.resume();
    client.write(upgrade(task.taskId));
    await once(client, "close");
    await expect.poll(() => world.open.get("ws")).toBe(0);
    expect(world.parts.feed.size).toBe(0);
  });

  test("goes on as long as pings are answered", async () => {
    await using world = await createStreamWorld({ pingMs: 10, pongMs: 10_000 });
    const task = await world.startTask();
    const webSocket = world.connect(task.taskId);
    const reading = readSocket(webSocket);
    for (let count = 0; count < 3; count += 1) await once(webSocket, "ping");
    await task.finish();
    expect((await reading).code).toBe(1000);
  });
});

describe("a WebSocket", () => {
  test("of a task that has ended gives its events and the end", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(3));
    await task.finish();
    const { hello, texts, code } = await readSocket(world.connect(task.taskId, "?after=2"));
    expect(hello).toMatchObject({ state: "failed", lastSeq: 4 });
    expect(texts).toEqual((await task.texts()).slice(2));
    expect(code).toBe(1000);
    expect(await readSocket(world.connect(task.taskId, "?after=4"))).toMatchObject({ texts: [], code: 1000 });
  });

  test("is told when the server goes away, and others are refused", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const sockets = [world.connect(task.taskId), world.connect(task.taskId)];
    const reading = sockets.map((webSocket) => readSocket(webSocket));
    const stream = fetch(world.eventsUrl(task.taskId), { headers: { accept: "application/x-ndjson" } });
    const held = fetch(world.eventsUrl(task.taskId, "?wait=50s"));
    await Promise.all([...sockets.map((webSocket) => once(webSocket, "message")), stream]);
    await expect.poll(() => world.parts.connections.size).toBe(4);
    await world.sockets.closeAll(1012);
    expect((await Promise.all(reading)).map(({ code }) => code)).toEqual([1012, 1012]);
    expect(await (await stream).text()).toBe("");
    expect(await (await held).json()).toMatchObject({ events: [], complete: false });
    expect(world.parts.connections.size).toBe(0);
    expect(await readRefusal(world.connect(task.taskId))).toMatchObject({ status: 503, problem: { code: "DRAINING" } });
    const late = await fetch(world.eventsUrl(task.taskId), { headers: { accept: "text/event-stream" } });
    expect(late.status).toBe(503);
    // What there is can still be asked for.
    const page = await fetch(world.eventsUrl(task.taskId, "?wait=50s"));
    expect(await page.json()).toMatchObject({ events: [] });
  });

  test("is refused before the upgrade where the owner has too many", async () => {
    await using world = await createStreamWorld({ connectionsPerOwner: 1 });
    const task = await world.startTask("one");
    const other = await world.startTask("two");
    const first = world.connect(task.taskId);
    await once(first, "message");
    expect(await readRefusal(world.connect(task.taskId))).toMatchObject({
      status: 429,
      problem: { code: "TOO_MANY_REQUESTS", retryable: true, requestId: "request" },
    });
    expect((await fetch(world.eventsUrl(task.taskId, "?wait=1s"))).status).toBe(429);
    expect((await fetch(world.eventsUrl(task.taskId))).status).toBe(200);
    await once(world.connect(other.taskId), "message");
    first.close();
    await expect.poll(() => world.parts.connections.size).toBe(1);
    await once(world.connect(task.taskId), "message");
  });

  test.each(["?after=-1", "?after=x", "?after=1e3", `?epoch=${"e".repeat(101)}`])(
    "is refused with %s",
    async (query) => {
      await using world = await createStreamWorld();
      const task = await world.startTask();
      expect(await readRefusal(world.connect(task.taskId, query))).toMatchObject({ status: 400 });
    },
  );

  test("is refused where the request is no upgrade to a WebSocket", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const client = connect(world.port, "127.0.0.1");
    client.write(upgrade(task.taskId).replace("Version: 13", "Version: 7"));
    const answer = await text(client);
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"BAD_REQUEST"');
    await expect.poll(() => world.parts.connections.size).toBe(0);
  });

  test("may say a little, but not much, and nothing large", async () => {
    await using world = await createStreamWorld({ messages: 5, messageBytes: 1_000 });
    const task = await world.startTask();
    const quiet = world.connect(task.taskId);
    const loud = world.connect(task.taskId);
    const large = world.connect(task.taskId);
    const reading = [quiet, loud, large].map((webSocket) => readSocket(webSocket));
    await Promise.all([quiet, loud, large].map((webSocket) => once(webSocket, "open")));
    for (let count = 0; count < 5; count += 1) quiet.send("{}");
    for (let count = 0; count < 6; count += 1) loud.send("{}");
    large.send("x".repeat(1_001));
    expect((await reading[1])?.code).toBe(4429);
    expect((await reading[2])?.code).toBe(1009);
    await task.finish();
    expect((await reading[0])?.code).toBe(1000);
  });

  test("ends with 1011 where the store fails", async () => {
    let broken = false;
    await using world = await createStreamWorld({}, (store) => ({
      readEvents: (id, range) => (broken ? Promise.reject(new Error("no disk")) : store.readEvents(id, range)),
      waitForChange: (id, ms, signal) => store.waitForChange(id, ms, signal),
    }));
    const task = await world.startTask();
    await task.append(buildMessages(1));
    const reading = readSocket(world.connect(task.taskId));
    await expect.poll(() => world.waits()).toBe(1);
    broken = true;
    await task.append(buildMessages(1));
    expect((await reading).code).toBe(1011);
    expect(world.errors).toEqual([new Error("no disk")]);
  });

  test("ends with 4404 where the task is removed while it is read", async () => {
    await using world = await createStreamWorld({}, (store) => ({
      readEvents: () => Promise.resolve(null),
      waitForChange: (id, ms, signal) => store.waitForChange(id, ms, signal),
    }));
    const task = await world.startTask();
    expect((await readSocket(world.connect(task.taskId))).code).toBe(4404);
    expect((await fetch(world.eventsUrl(task.taskId))).status).toBe(404);
  });
});

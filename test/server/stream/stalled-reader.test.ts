import { once } from "node:events";
import { get } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { readSocket } from "./readers.ts";
import { buildMessages, createStreamWorld } from "./stream-world.ts";
import type { StreamWorld, Writer } from "./stream-world.ts";

const mebibyte = 1024 * 1024;

/** The sockets as the server sees them. */
function watchServer(world: StreamWorld): Socket[] {
  const sockets: Socket[] = [];
  world.server.on("connection", (socket: Socket) => sockets.push(socket));
  return sockets;
}

/** 200 events of 250 KB. */
async function append50Megabytes(task: Writer, look: () => void): Promise<void> {
  const events = buildMessages(4, "x".repeat(250_000));
  for (let count = 0; count < 50; count += 1) {
    await task.append(events);
    look();
  }
}

async function fillSystemBuffers(task: Writer, sockets: readonly Socket[]): Promise<void> {
  while ((sockets[0]?.writableLength ?? 0) < 600_000) await task.append(buildMessages(1, "x".repeat(250_000)));
}

describe("a reader that takes nothing", () => {
  test("holds little in memory, and is closed as too slow", async () => {
    await using world = await createStreamWorld({ drainMs: 400, pongMs: 10_000 });
    const sockets = watchServer(world);
    const task = await world.startTask();
    const webSocket = world.connect(task.taskId);
    const reading = readSocket(webSocket);
    await once(webSocket, "open");
    webSocket.pause();
    let most = 0;
    await append50Megabytes(task, () => (most = Math.max(most, sockets[0]?.writableLength ?? 0)));
    expect(most).toBeGreaterThan(mebibyte);
    expect(most).toBeLessThan(mebibyte + 600_000);
    // What it has of them comes before the close.
    await expect.poll(() => world.parts.feed.size, { timeout: 10_000 }).toBe(0);
    webSocket.resume();
    const { texts, code } = await reading;
    expect(code).toBe(4408);
    const stored = await task.texts();
    expect(texts.length).toBeLessThan(stored.length);
    expect(texts).toEqual(stored.slice(0, texts.length));
  });

  test("gets all of it when it goes on in time", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const webSocket = world.connect(task.taskId);
    const reading = readSocket(webSocket);
    await once(webSocket, "open");
    webSocket.pause();
    await append50Megabytes(task, () => undefined);
    await task.finish();
    webSocket.resume();
    const { texts, code } = await reading;
    expect(code).toBe(1000);
    expect(texts).toEqual(await task.texts());
  });

  test("gets all of it over HTTP as well", async () => {
    await using world = await createStreamWorld();
    const sockets = watchServer(world);
    const task = await world.startTask();
    const [response] = await once(
      get(world.eventsUrl(task.taskId), { headers: { accept: "application/x-ndjson" } }),
      "response",
    );
    await append50Megabytes(task, () => undefined);
    await task.finish();
    await expect.poll(() => sockets[0]?.writableLength ?? 0).toBeGreaterThan(mebibyte);
    expect((await text(response)).split("\n").slice(0, -1)).toEqual(await task.texts());
  });

  test("is cut off over HTTP, where there is no word for it", async () => {
    await using world = await createStreamWorld({ drainMs: 400 });
    const sockets = watchServer(world);
    const task = await world.startTask();
    const request = get(world.eventsUrl(task.taskId), { headers: { accept: "application/x-ndjson" } });
    const [response] = await once(request, "response");
    response.on("error", () => undefined);
    let most = 0;
    await append50Megabytes(task, () => (most = Math.max(most, sockets[0]?.writableLength ?? 0)));
    expect(most).toBeGreaterThan(mebibyte);
    expect(most).toBeLessThan(mebibyte + 600_000);
    await expect.poll(() => world.open.get("ndjson"), { timeout: 10_000 }).toBe(0);
    request.destroy();
  });

  test("does not hold up the end of the server by taking nothing", async () => {
    await using world = await createStreamWorld({ pongMs: 300 });
    const sockets = watchServer(world);
    const task = await world.startTask();
    await append50Megabytes(task, () => undefined);
    const webSocket = world.connect(task.taskId);
    await once(webSocket, "message");
    webSocket.pause();
    const [response] = await once(
      get(world.eventsUrl(task.taskId), { headers: { accept: "application/x-ndjson" } }),
      "response",
    );
    response.on("error", () => undefined);
    await expect.poll(() => sockets.every(({ writableLength }) => writableLength > mebibyte)).toBe(true);
    expect(world.parts.connections.size).toBe(2);
    await world.sockets.closeAll(1012);
    expect(world.parts.connections.size).toBe(0);
    webSocket.terminate();
  });

  test("is given the time to take the rest before the close", async () => {
    await using world = await createStreamWorld({ pongMs: 100 });
    const sockets = watchServer(world);
    const task = await world.startTask();
    const webSocket = world.connect(task.taskId);
    const reading = readSocket(webSocket);
    await once(webSocket, "open");
    webSocket.pause();
    // More than the system's own buffers hold, and less than what the server would stop at.
    await fillSystemBuffers(task, sockets);
    await task.finish();
    await expect.poll(() => world.parts.feed.size).toBe(0);
    // Longer than ws would wait for the end of a closing.
    const other = await world.startTask();
    await fetch(world.eventsUrl(other.taskId, "?wait=300ms"));
    webSocket.resume();
    const { texts, code } = await reading;
    expect(code).toBe(1000);
    expect(texts).toEqual(await task.texts());
  });
});

import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createEventFeed } from "../../../src/server/stream/event-feed.ts";
import { readCursor } from "../../../src/server/stream/read-cursor.ts";
import { buildMessages, createStreamWorld } from "./stream-world.ts";
import type { StreamWorld } from "./stream-world.ts";

const options = { batchEvents: 200, batchBytes: 1_000, pollMs: 100_000 };
const never = new AbortController().signal;

async function readAll(world: StreamWorld, taskId: string, after: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const { events } of readCursor({ feed: world.parts.feed, taskId, after, signal: never })) {
    texts.push(...events.map(({ text }) => text));
  }
  return texts;
}

/** Counts the reads of the events. */
function countReads(): { readonly wrap: NonNullable<Parameters<typeof createStreamWorld>[1]>; reads: number } {
  const counter: ReturnType<typeof countReads> = {
    reads: 0,
    wrap: (store) => ({
      readEvents(id, range) {
        counter.reads += 1;
        return store.readEvents(id, range);
      },
      waitForChange: (id, ms, signal) => store.waitForChange(id, ms, signal),
    }),
  };
  return counter;
}

describe("the event feed", () => {
  test("gives many readers, wherever they begin, each event once and in order", async () => {
    const counter = countReads();
    await using world = await createStreamWorld({ batchBytes: 2_000, pollMs: 100_000 }, counter.wrap);
    const task = await world.startTask();
    await task.append(buildMessages(100));
    const places = Array.from({ length: 200 }, (_, index) => (index * 7) % 100);
    const reading = places.map((after) => readAll(world, task.taskId, after));
    for (let batch = 0; batch < 50; batch += 1) {
      await task.append(buildMessages(batch % 7));
      if (batch % 3 === 0) await setImmediate();
    }
    await task.finish();
    const stored = await task.texts();
    const results = await Promise.all(reading);
    for (const [index, texts] of results.entries()) expect(texts).toEqual(stored.slice(places[index]));
    expect(world.parts.feed.size).toBe(0);
    expect(world.waits()).toBe(0);
  });

  test("reads once for all that stand at the same place", async () => {
    const counter = countReads();
    await using world = await createStreamWorld({ pollMs: 100_000 }, counter.wrap);
    const task = await world.startTask();
    const reading = Array.from({ length: 100 }, () => readAll(world, task.taskId, 0));
    await expect.poll(() => world.waits()).toBe(1);
    const before = counter.reads;
    await task.append(buildMessages(1));
    await expect.poll(() => world.waits()).toBe(1);
    expect(counter.reads - before).toBeLessThanOrEqual(3);
    await task.finish();
    expect(new Set((await Promise.all(reading)).map((texts) => texts.length))).toEqual(new Set([2]));
  });

  test("hears of what comes between a read and the wait after it", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    let late = false;
    const feed = createEventFeed({
      options,
      store: {
        async readEvents(id, range) {
          const found = await world.store.readEvents(id, range);
          if (!late) {
            late = true;
            await task.append(buildMessages(1));
          }
          return found;
        },
        waitForChange: (id, ms, signal) => world.store.waitForChange(id, ms, signal),
      },
    });
    using reader = feed.open(task.taskId);
    expect(await reader.next(0, never)).toMatchObject({ events: [{ seq: 1 }], done: false });
  });

  test("asks by itself where nobody tells it", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const deaf = createEventFeed({
      options: { ...options, pollMs: 10 },
      store: {
        readEvents: (id, range) => world.store.readEvents(id, range),
        waitForChange: (_, ms, signal) => world.store.waitForChange("another", ms, signal),
      },
    });
    using reader = deaf.open(task.taskId);
    const next = reader.next(0, never);
    await task.append(buildMessages(1));
    expect(await next).toMatchObject({ events: [{ seq: 1 }] });
  });

  test("gives batches of a limited size", async () => {
    await using world = await createStreamWorld({ batchBytes: 1_000, batchEvents: 50 });
    const task = await world.startTask();
    await task.append([...buildMessages(100), ...buildMessages(3, "x".repeat(5_000)), ...buildMessages(100)]);
    await task.finish();
    const sizes: number[] = [];
    const bytes: number[] = [];
    const cursor = { feed: world.parts.feed, taskId: task.taskId, after: 0, signal: never };
    for await (const { events } of readCursor(cursor)) {
      sizes.push(events.length);
      bytes.push(
        Buffer.byteLength(
          events
            .slice(0, -1)
            .map(({ text }) => text)
            .join(""),
        ),
      );
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(204);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
    expect(Math.max(...bytes)).toBeLessThan(1_000);
  });

  test("keeps nothing of readers that leave while they wait", async () => {
    await using world = await createStreamWorld({ pollMs: 100_000 });
    const task = await world.startTask();
    const leaving = new AbortController();
    const other = new AbortController();
    const follow = async (signal: AbortSignal): Promise<number> => {
      let batches = 0;
      for await (const batch of readCursor({ feed: world.parts.feed, taskId: task.taskId, after: 0, signal }))
        batches += batch.events.length;
      return batches;
    };
    const first = [follow(leaving.signal), follow(leaving.signal)];
    const second = follow(other.signal);
    await expect.poll(() => world.waits()).toBe(1);
    leaving.abort();
    expect(await Promise.all(first)).toEqual([0, 0]);
    expect(world.waits()).toBe(1);
    await task.append(buildMessages(1));
    await expect.poll(() => world.waits()).toBe(1);
    other.abort();
    expect(await second).toBe(1);
    await expect.poll(() => world.waits()).toBe(0);
    expect(world.parts.feed.size).toBe(0);
    // Whoever comes after them begins anew.
    await task.finish();
    expect(await readAll(world, task.taskId, 0)).toEqual(await task.texts());
  });

  test("leaves nothing behind when clients go away in the middle", async () => {
    await using world = await createStreamWorld({ pollMs: 100_000 });
    const task = await world.startTask();
    await task.append(buildMessages(500));
    const webSockets = Array.from({ length: 20 }, () => world.connect(task.taskId));
    await Promise.all(webSockets.map((webSocket) => new Promise((resolve) => webSocket.once("message", resolve))));
    const stop = new AbortController();
    const asking = ["application/x-ndjson", "text/event-stream"].map((accept) =>
      fetch(world.eventsUrl(task.taskId), { headers: { accept }, signal: stop.signal }),
    );
    await Promise.all(asking);
    const page = fetch(world.eventsUrl(task.taskId, "?after=500&wait=50s"), { signal: stop.signal });
    await expect.poll(() => world.parts.connections.size).toBe(23);
    for (const webSocket of webSockets) webSocket.terminate();
    stop.abort();
    await expect(page).rejects.toThrow("aborted");
    await expect.poll(() => world.parts.connections.size).toBe(0);
    await expect.poll(() => [world.waits(), world.parts.feed.size]).toEqual([0, 0]);
    expect(new Set(world.open.values())).toEqual(new Set([0]));
    expect(world.errors).toEqual([]);
  });
});

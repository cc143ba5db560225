import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { digestEvent, eventPageSchema, taskEventSchema } from "../../../src/protocol/task-event.ts";
import { readNdjson, readPages, readSocket, readSse, toText } from "./readers.ts";
import { buildMessages, createStreamWorld } from "./stream-world.ts";

describe("all transports", () => {
  test("give the same texts in the same order while the task is being carried out", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(300));
    const url = world.eventsUrl(task.taskId);
    const reading = Promise.all([
      readSocket(world.connect(task.taskId)).then(({ texts }) => texts),
      readNdjson(url),
      readSse(url).then((events) => events.map(({ data }) => data)),
      readPages(url),
    ]);
    for (let batch = 0; batch < 50; batch += 1) await task.append(buildMessages(batch));
    await task.finish();
    const stored = await task.texts();
    expect(stored).toHaveLength(300 + (49 * 50) / 2 + 1);
    for (const texts of await reading) expect(texts).toEqual(stored);
    expect(stored.map((text) => taskEventSchema.parse(JSON.parse(text)).seq)).toEqual(
      stored.map((_, index) => index + 1),
    );
    await expect.poll(() => [...world.open.values()]).toEqual([0, 0, 0, 0]);
    expect(world.errors).toEqual([]);
  });

  test("give what the digest in the last event was made of", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(500));
    await task.finish();
    const { texts } = await readSocket(world.connect(task.taskId));
    const last = taskEventSchema.parse(JSON.parse(texts.at(-1) ?? ""));
    const digest = texts.slice(0, -1).reduce((before, text) => digestEvent(before, text), "");
    expect(last).toMatchObject({ type: "complete", data: { eventCount: 500, eventDigest: digest } });
  });

  test("give large events whole", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const sizes = [100, 125, 126, 127, 65_000, 65_535, 65_536, 66_000, 200_000, 1];
    for (const size of sizes) await task.append(buildMessages(3, "☃".repeat(size / 3)));
    await task.finish();
    const stored = await task.texts();
    expect((await readSocket(world.connect(task.taskId))).texts).toEqual(stored);
    expect(await readNdjson(world.eventsUrl(task.taskId))).toEqual(stored);
  });

  test("lose and double nothing when the socket is cut every 50 events", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const writing = (async () => {
      for (let batch = 0; batch < 100; batch += 1) await task.append(buildMessages(100));
      await task.finish();
    })();
    const texts: string[] = [];
    let cuts = 0;
    for (let done = false; !done; cuts += 1) {
      const before = texts.length;
      const webSocket = world.connect(task.taskId, `?after=${before}&epoch=${world.store.epoch}`);
      const ended = once(webSocket, "close");
      webSocket.on("message", (data) => {
        const text = toText(data);
        if (text.startsWith('{"type":"hello"') || texts.length - before >= 50) return;
        texts.push(text);
        if (texts.length - before === 50) webSocket.terminate();
      });
      await ended;
      done = texts.at(-1)?.includes('"type":"complete"') ?? false;
    }
    await writing;
    const stored = await task.texts();
    expect(stored).toHaveLength(10_001);
    expect(cuts).toBeGreaterThanOrEqual(200);
    expect(texts).toEqual(stored);
  });
});

describe("an answer to HEAD", () => {
  test.each(["application/json", "application/x-ndjson", "text/event-stream"])(
    "is the head only: %s",
    async (accept) => {
      await using world = await createStreamWorld();
      const task = await world.startTask();
      const response = await fetch(world.eventsUrl(task.taskId), { method: "HEAD", headers: { accept } });
      expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([200, accept, ""]);
    },
  );
});

describe("a page", () => {
  test("holds as many events as it may, and says where they end", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(5));
    const read = async (query: string) => {
      const response = await fetch(world.eventsUrl(task.taskId, query));
      expect(response.headers.get("content-type")).toBe("application/json");
      return eventPageSchema.parse(await response.json());
    };
    const first = await read("?limit=2");
    expect(first).toMatchObject({ epoch: world.store.epoch, lastSeq: 5, complete: false });
    expect(first.events.map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await read("?after=5")).events).toEqual([]);
    await task.finish();
    expect(await read("?after=2&limit=3")).toMatchObject({ lastSeq: 6, complete: false });
    expect(await read("?after=5")).toMatchObject({ complete: true });
    expect(await read("?after=6&wait=30s")).toMatchObject({ events: [], complete: true });
  });

  test("is held back until there is an event, or the time is over", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    const empty = await fetch(world.eventsUrl(task.taskId, "?wait=20ms"));
    expect(await empty.json()).toMatchObject({ events: [], complete: false });
    const waiting = fetch(world.eventsUrl(task.taskId, "?wait=50s"));
    await expect.poll(() => world.waits()).toBe(1);
    await task.append(buildMessages(1));
    expect(await (await waiting).json()).toMatchObject({ events: [{ seq: 1 }] });
    expect(world.waits()).toBe(0);
    expect(world.parts.feed.size).toBe(0);
  });

  test("ends with the event that makes it large", async () => {
    await using world = await createStreamWorld({ pageBytes: 1_000 });
    const task = await world.startTask();
    await task.append(buildMessages(4, "x".repeat(600)));
    const page = await (await fetch(world.eventsUrl(task.taskId))).json();
    expect(page).toMatchObject({ events: [{ seq: 1 }, { seq: 2 }], lastSeq: 4 });
  });

  test("is what clients get that accept nothing known", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    for (const accept of [
      "text/html",
      "*/*",
      "application/x-ndjson;q=0",
      "text/event-stream;q=0.5, application/json",
    ]) {
      const response = await fetch(world.eventsUrl(task.taskId), { headers: { accept } });
      expect(await response.json()).toMatchObject({ events: [] });
    }
  });
});

describe("a reader that cannot go on", () => {
  test.each(["?after=4", "?epoch=another", "?after=1&epoch=another"])("is told so: %s", async (query) => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(3));
    const { hello, texts, code } = await readSocket(world.connect(task.taskId, query));
    expect(hello).toEqual({
      type: "hello",
      taskId: task.taskId,
      epoch: world.store.epoch,
      firstSeq: 1,
      lastSeq: 3,
      state: "running",
    });
    expect({ texts, code }).toEqual({ texts: [], code: 4410 });
    for (const accept of ["application/json", "application/x-ndjson", "text/event-stream"]) {
      const response = await fetch(world.eventsUrl(task.taskId, query), { headers: { accept } });
      expect(await response.json()).toMatchObject({ status: 410, code: "GONE" });
    }
  });
});

describe("server-sent events", () => {
  test("go on after Last-Event-ID, whatever the address says", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.append(buildMessages(10));
    await task.finish();
    const events = await readSse(world.eventsUrl(task.taskId, "?after=2"), { "last-event-id": "7" });
    expect(events.map(({ id }) => id)).toEqual(["8", "9", "10", "11"]);
  });

  test("are refused where Last-Event-ID is no number, and ended for good after the last one", async () => {
    await using world = await createStreamWorld();
    const task = await world.startTask();
    await task.finish();
    const ask = (id: string) =>
      fetch(world.eventsUrl(task.taskId), { headers: { accept: "text/event-stream", "last-event-id": id } });
    expect((await ask("x")).status).toBe(400);
    expect((await ask("1")).status).toBe(204);
  });

  test("begin with the time to wait and show with comments that they live", async () => {
    await using world = await createStreamWorld({ pingMs: 10, retryMs: 1234 });
    const task = await world.startTask();
    const response = await fetch(world.eventsUrl(task.taskId), { headers: { accept: "text/event-stream" } });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes(":\n\n:\n\n")) break;
    }
    expect(text).toMatch(/^retry: 1234\n\n(?::\n\n){2}/);
    await expect.poll(() => world.open.get("sse")).toBe(0);
  });
});

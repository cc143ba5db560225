import { once } from "node:events";
import { WebSocket } from "ws";
import { alternate, time } from "./support/alternate.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { startStreamChild } from "./support/stream-child.ts";
import type { StreamChild } from "./support/stream-child.ts";

const events = 100_000;
const batch = 100;

/** From the append to the store until a client has it, against texts that are sent with ws as they come. */
export const streamThroughput: Bench = {
  rows: ["stream-throughput"],
  async measure({ runs = 5 }) {
    await using child = await startStreamChild();
    const figures = await alternate({
      runs,
      warmUps: 1,
      ours: async () => toMicroseconds(await follow(child)),
      floor: async () => toMicroseconds(await receiveBare(child)),
    });
    return [buildRow("stream-throughput", { unit: "us/event", goal: 2, ...figures })];
  },
};

const toMicroseconds = (ms: number): number => (ms * 1_000) / events;

async function follow(child: StreamChild): Promise<number> {
  const taskId = await child.startTask();
  const received = countFrames(`ws://127.0.0.1:${child.port}/ws/tasks/${taskId}`);
  await received.first;
  return time(async () => {
    await child.tell({ kind: "write", events, batch, bytes: 0 });
    // Besides the events: hello and `complete`.
    expectCount(await received.count, events + 2);
  });
}

async function receiveBare(child: StreamChild): Promise<number> {
  const received = countFrames(`ws://127.0.0.1:${child.barePort}`);
  await received.open;
  return time(async () => {
    await child.tell({ kind: "bare", events });
    expectCount(await received.count, events);
  });
}

interface Counted {
  readonly open: Promise<unknown>;
  readonly first: Promise<unknown>;
  readonly count: Promise<number>;
}

function countFrames(url: string): Counted {
  const webSocket = new WebSocket(url, { perMessageDeflate: false });
  let frames = 0;
  webSocket.on("message", () => (frames += 1));
  return {
    open: once(webSocket, "open"),
    first: once(webSocket, "message"),
    count: once(webSocket, "close").then(() => frames),
  };
}

function expectCount(count: number, expected: number): void {
  if (count !== expected) throw new Error(`${count} frames came instead of ${expected}`);
}

const drops = 1_000;

/** How long an event takes from the append to a client, one at a time; 1 of 100 takes longer. */
export const streamLatency: Bench = {
  rows: ["stream-latency-p99"],
  async measure({ runs = 3 }) {
    await using child = await startStreamChild();
    const figures = await alternate({
      runs,
      warmUps: 1,
      ours: async () => {
        const taskId = await child.startTask();
        const received = timeFrames(`ws://127.0.0.1:${child.port}/ws/tasks/${taskId}`);
        await received.open;
        await child.tell({ kind: "drip", events: drops });
        return pick99th(await received.times);
      },
      floor: async () => {
        const received = timeFrames(`ws://127.0.0.1:${child.barePort}`);
        await received.open;
        await child.tell({ kind: "bare-drip", events: drops });
        return pick99th(await received.times);
      },
    });
    return [buildRow("stream-latency-p99", { unit: "ms", goal: null, ...figures })];
  },
};

/** Milliseconds from the stamp in an event until it is here. */
function timeFrames(url: string): { readonly open: Promise<unknown>; readonly times: Promise<readonly number[]> } {
  const webSocket = new WebSocket(url, { perMessageDeflate: false });
  const times: number[] = [];
  webSocket.on("message", (data: Buffer) => {
    const now = process.hrtime.bigint();
    const stamp = /<(\d+)>/.exec(data.toString())?.[1];
    if (stamp !== undefined) times.push(Number(now - BigInt(stamp)) / 1e6);
  });
  return { open: once(webSocket, "open"), times: once(webSocket, "close").then(() => times) };
}

function pick99th(times: readonly number[]): number {
  expectCount(times.length, drops);
  return times.toSorted((a, b) => a - b)[Math.floor(drops * 0.99)] ?? Number.NaN;
}

const sockets = 1_000;
const followedEvents = 1_000;

/** A thousand sockets that follow one task. */
export const streamSockets: Bench = {
  rows: ["stream-sockets-memory", "stream-sockets-delivery"],
  async measure({ runs = 3 }) {
    const kilobytes: number[] = [];
    const microseconds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      await using child = await startStreamChild();
      const taskId = await child.startTask();
      const before = await child.readMemory();
      const readers = Array.from({ length: sockets }, () =>
        countFrames(`ws://127.0.0.1:${child.port}/ws/tasks/${taskId}`),
      );
      await Promise.all(readers.map(({ first }) => first));
      const after = await child.readMemory();
      kilobytes.push(((after.megabytes - before.megabytes) * 1_000) / sockets);
      const ms = await time(async () => {
        await child.tell({ kind: "write", events: followedEvents, batch: 10, bytes: 0 });
        for (const { count } of readers) expectCount(await count, followedEvents + 2);
      });
      microseconds.push((ms * 1_000) / (sockets * followedEvents));
    }
    return [
      buildRow("stream-sockets-memory", { unit: "kB/socket", goal: null, ours: kilobytes }),
      buildRow("stream-sockets-delivery", { unit: "us/event", goal: null, ours: microseconds }),
    ];
  },
};

const stalledBytes = 200_000;

/** What 200 MB of events cost in memory at most with a reader that reads nothing, beyond what they cost without. */
export const streamStalled: Bench = {
  rows: ["stream-stalled"],
  async measure({ runs = 3 }) {
    const more: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const without = await pass200Megabytes(false);
      more.push((await pass200Megabytes(true)) - without);
    }
    return [buildRow("stream-stalled", { unit: "MB", goal: 64, ours: more })];
  },
};

async function pass200Megabytes(isFollowed: boolean): Promise<number> {
  await using child = await startStreamChild();
  const taskId = await child.startTask();
  const webSocket = new WebSocket(`ws://127.0.0.1:${child.port}/ws/tasks/${taskId}`);
  webSocket.on("error", () => undefined);
  await once(webSocket, "message");
  if (isFollowed) webSocket.pause();
  else webSocket.terminate();
  await child.tell({ kind: "write", events: 200e6 / stalledBytes, batch: 4, bytes: stalledBytes });
  const { peakMegabytes } = await child.readMemory();
  webSocket.terminate();
  return peakMegabytes;
}

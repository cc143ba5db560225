import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { buildMessages, createStreamWorld } from "../../test/server/stream/stream-world.ts";
import type { StreamCommand } from "./stream-child.ts";

/**
 * The task server's store and streams in a process of their own, so that its memory is its own and its clients' work does not
 * count. `bare` is what anybody would write with ws: each text sent as it comes.
 */
const world = await createStreamWorld({ pollMs: 1_000 });
const bareServer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
await once(bareServer, "listening");
const bareAddress = bareServer.address();
if (bareAddress === null || typeof bareAddress === "string") throw new Error("no port");
const dripMs = 2;
const text = "The agent says something that is about as long as what agents say.";

process.on("message", (command: StreamCommand) => {
  void carryOut(command).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => {
  void Promise.resolve(world[Symbol.asyncDispose]()).finally(() => process.exit());
});
process.send?.({ port: world.port, barePort: bareAddress.port });

let task: Awaited<ReturnType<typeof world.startTask>> | undefined;

async function carryOut(command: StreamCommand): Promise<unknown> {
  switch (command.kind) {
    case "task":
      task = await world.startTask();
      return { taskId: task.taskId };
    case "write":
      await write(command);
      return { written: command.events };
    case "bare":
      await sendBare(command);
      return { written: command.events };
    case "drip":
      await drip(command.events);
      return { written: command.events };
    case "bare-drip":
      await dripBare(command.events);
      return { written: command.events };
    case "memory":
      globalThis.gc?.();
      return { megabytes: process.memoryUsage.rss() / 1e6, peakMegabytes: readPeak() };
  }
}

async function write({ events, batch, bytes }: Extract<StreamCommand, { kind: "write" }>): Promise<void> {
  if (task === undefined) throw new Error("there is no task");
  const messages = buildMessages(batch, bytes === 0 ? text : "x".repeat(bytes));
  for (let written = 0; written < events; written += batch) await task.append(messages);
  await task.finish();
}

/** To the next client, once it is there. */
async function sendBare({ events }: Extract<StreamCommand, { kind: "bare" }>): Promise<void> {
  const [webSocket] = await nextClient;
  nextClient = once(bareServer, "connection");
  const line = buildText(`100 ${text}`);
  for (let sent = 0; sent < events; sent += 1) {
    webSocket.send(line);
    if (webSocket.bufferedAmount > 1024 * 1024) await drained(webSocket);
  }
  webSocket.close(1000);
}

async function drip(events: number): Promise<void> {
  if (task === undefined) throw new Error("there is no task");
  for (let sent = 0; sent < events; sent += 1) {
    await setTimeout(dripMs);
    await task.append(buildMessages(1, stamp()));
  }
  await task.finish();
}

async function dripBare(events: number): Promise<void> {
  const [webSocket] = await nextClient;
  nextClient = once(bareServer, "connection");
  for (let sent = 0; sent < events; sent += 1) {
    await setTimeout(dripMs);
    webSocket.send(buildText(stamp()));
  }
  webSocket.close(1000);
}

/** On a clock that all processes of the machine share. */
function stamp(): string {
  return `<${process.hrtime.bigint()}>`;
}

/** As the store writes it. */
function buildText(message: string): string {
  const ids = { runId: "0".repeat(26), taskId: "0".repeat(26), epoch: "0".repeat(16) };
  const ts = new Date(0).toISOString();
  return JSON.stringify({ v: 1, ...ids, attempt: 1, seq: 100_000, ts, type: "message", data: { text: message } });
}

async function drained(webSocket: WebSocket): Promise<void> {
  do await new Promise(setImmediate);
  while (webSocket.bufferedAmount > 1024 * 1024);
}

let nextClient = once(bareServer, "connection");

/** The kernel's own high-water mark. */
function readPeak(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error("there is no /proc that tells a process's peak of memory");
  return (Number(kilobytes) * 1024) / 1e6;
}

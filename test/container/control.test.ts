import { once } from "node:events";
import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { openControl } from "../../src/container/control.ts";
import { parseMessage } from "../../src/container/container-message.ts";
import type { ContainerMessage } from "../../src/container/container-message.ts";
import type { Control } from "../../src/container/control.ts";
import { cutAtRandom } from "../support/cut-at-random.ts";
import { makeDirectory } from "../support/repository.ts";

const never = new AbortController().signal;
const prompt = Buffer.from("do\n\u00ff this\n");
const started = { type: "started" };
const collected = { type: "collected", head: "b".repeat(40), notes: [] };
const toLine = (message: object): string => `${JSON.stringify(message)}\n`;

interface Line extends AsyncDisposable {
  readonly control: Control;
  readonly path: string;
  connect(): Promise<Socket>;
}

async function openLine(signal = never): Promise<Line> {
  const directory = makeDirectory();
  const path = join(directory.path, "c.sock");
  const control = await openControl(path, signal);
  const sockets: Socket[] = [];
  return {
    control,
    path,
    async connect() {
      const socket = createConnection(path);
      socket.on("error", () => undefined);
      sockets.push(socket);
      await once(socket, "connect");
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      directory[Symbol.dispose]();
    },
  };
}

async function takeMessages({ control }: Line): Promise<readonly ContainerMessage[]> {
  const messages: ContainerMessage[] = [];
  for await (const message of control.messages(parseMessage)) messages.push(message);
  return messages;
}

describe("the host's end of the control channel", () => {
  it("sends the prompt as it is, and stops whenever they are told", async () => {
    await using line = await openLine();
    line.control.stop(10_000);
    const socket = await line.connect();
    await line.control.connected();
    await line.control.sendPrompt(prompt);
    line.control.stop(0);
    await line.control[Symbol.asyncDispose]();
    const received = await buffer(socket);
    const stop = (graceMs: number): Buffer => Buffer.from(toLine({ type: "stop", graceMs }));
    const announced = Buffer.from(toLine({ type: "prompt", bytes: prompt.length }));
    expect(received).toEqual(Buffer.concat([stop(10_000), announced, prompt, stop(0)]));
  });

  it.each([0, 1, 700])(
    "reads messages, %i bytes of a conversation and the pack, wherever they were cut",
    async (count) => {
      const pack = Buffer.from(Array.from({ length: 2000 }, (_, index) => index % 256));
      const conversation = Buffer.alloc(count, "c");
      const last = { ...collected, conversationBytes: count };
      const bytes = Buffer.concat([Buffer.from(`${toLine(started)}${toLine(last)}`), conversation, pack]);
      for (const seed of [1, 2, 3]) {
        await using line = await openLine();
        const socket = await line.connect();
        for (const piece of cutAtRandom(bytes, seed)) socket.write(piece);
        socket.end();
        expect(await takeMessages(line)).toEqual([started, last]);
        expect(await buffer(line.control.conversation(count))).toEqual(conversation);
        expect(await buffer(line.control.pack())).toEqual(pack);
      }
    },
  );

  it.each([
    ["at once", ""],
    ["after a message", toLine(started)],
    ["in the middle of a message", `${toLine(started)}{"type":"exi`],
  ])("ends where the container goes away %s", async (_, said) => {
    await using line = await openLine();
    const socket = await line.connect();
    socket.end(said);
    expect(await takeMessages(line)).toEqual(said === "" ? [] : [started]);
  });

  it("ends with a connection that is torn", async () => {
    await using line = await openLine();
    const socket = await line.connect();
    await line.control.sendPrompt(prompt);
    // With the prompt unread the kernel reports the end as a reset.
    socket.write(toLine(started), () => socket.destroy());
    expect(await takeMessages(line)).toEqual([started]);
  });

  it.each([
    ["no JSON", "hello\n"],
    ["an unknown type", toLine({ type: "root" })],
    ["a message in another form", toLine({ type: "exited", code: "0" })],
    ["a head that is no commit id", toLine({ ...collected, head: "--upload-pack=x" })],
    ["a note with a code that is none", toLine({ ...collected, notes: [{ code: "\u001b[2J", message: "x" }] })],
    ["a text without measure", toLine({ type: "broken", message: "x".repeat(20_000) })],
  ])("refuses %s as CONTAINER_LOST", async (_, said) => {
    await using line = await openLine();
    (await line.connect()).write(said);
    await expect(takeMessages(line)).rejects.toMatchObject({ code: "CONTAINER_LOST" });
  });

  it("refuses a line without end, and does not hold it", async () => {
    await using line = await openLine();
    const socket = await line.connect();
    const chunk = Buffer.alloc(256 * 1024, 120);
    const more = (): boolean => socket.destroyed || socket.write(chunk, more);
    more();
    await expect(takeMessages(line)).rejects.toMatchObject({ code: "CONTAINER_LOST" });
  });

  it("takes one connection and no other", async () => {
    await using line = await openLine();
    const first = await line.connect();
    await line.control.sendPrompt(prompt);
    await expect(once(createConnection(line.path), "connect")).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    first.end(toLine(started));
    expect(await takeMessages(line)).toEqual([started]);
  });

  it("stops waiting for a container that never connects when it is aborted, before or meanwhile", async () => {
    const abort = new AbortController();
    await using line = await openLine(abort.signal);
    const waiting = line.control.sendPrompt(prompt);
    abort.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
    await using late = await openLine(abort.signal);
    await expect(late.control.sendPrompt(prompt)).rejects.toThrow("cancelled");
  });

  it("closes its connection and removes its socket when it is disposed", async () => {
    await using line = await openLine();
    const socket = await line.connect();
    const closed = once(socket, "close");
    socket.resume();
    await line.control[Symbol.asyncDispose]();
    await closed;
    expect(existsSync(line.path)).toBe(false);
  });
});

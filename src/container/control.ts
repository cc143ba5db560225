import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";

/** Longer conversations are not kept. */
const maxConversationBytes = 64 * 1024 * 1024;

const text = z.string().max(16_384);
const messageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    selfTest: z.object({ modelEndpoint: z.boolean(), reachable: z.array(text).max(16) }),
  }),
  z.object({ type: z.literal("started") }),
  z.object({
    type: z.literal("exited"),
    code: z.number().int().nullable(),
    signal: text.nullable(),
    error: text.nullable(),
    outOfMemoryKills: z.number().int(),
  }),
  z.object({
    type: z.literal("collected"),
    head: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    notes: z.array(z.object({ code: z.string().regex(/^[A-Z_]{1,40}$/), message: text })).max(16),
    /** How many bytes of the agent CLI's conversation follow, before the pack. */
    conversationBytes: z.number().int().nonnegative().max(maxConversationBytes).default(0),
  }),
  z.object({ type: z.literal("broken"), message: text }),
]);

/** What the entry program reports. The agent could have forged any of it: nothing here is believed without a check. */
export type ContainerMessage = z.infer<typeof messageSchema>;

/** The host's end of the control channel of one container. */
export interface Control extends AsyncDisposable {
  /** Waits for the container to connect. Rejects when aborted. */
  connected(): Promise<void>;
  /** What the agent CLI reads on its stdin; waits for the container to connect. To be called once. */
  sendPrompt(prompt: Uint8Array): Promise<void>;
  /** TERM to the agent CLI, KILL after the grace; 0 kills at once. */
  stop(graceMs: number): void;
  /** Messages until `collected` or `broken`, or until the container is gone. To be read once. */
  messages(): AsyncGenerator<ContainerMessage>;
  /** The first bytes after `collected`; fewer where the container is gone. To be read whole, after `messages()` has ended. */
  conversation(bytes: number): AsyncGenerator<Uint8Array>;
  /** The pack that follows where there is work. To be read once, after `conversation()` has ended. */
  pack(): AsyncGenerator<Uint8Array>;
}

const maxLineBytes = 1024 * 1024;
/** Where the entry program expects it, in the directory that is mounted. */
export const controlSocketName = "control.sock";
/** What to do about an entry program that does not speak its language. */
const hint =
  "Something else writes to its control channel, perhaps the agent: run the task again; with --image, see docs/image.md.";

/** Listens on `socketPath`; the first connection is the container's entry program, and the only one accepted. */
export async function openControl(socketPath: string, signal: AbortSignal): Promise<Control> {
  const accepted = await acceptOne(socketPath, signal);
  const { connection } = accepted;
  // What came after the last message belongs to the pack.
  const rest = { bytes: Buffer.alloc(0) };
  return {
    async connected() {
      await connection;
    },
    async sendPrompt(prompt) {
      const socket = await connection;
      send(socket, { type: "prompt", bytes: prompt.length });
      socket.write(prompt);
    },
    stop(graceMs) {
      const sendStop = (socket: Socket): void => void (socket.writable && send(socket, { type: "stop", graceMs }));
      void connection.then(sendStop, () => undefined);
    },
    async *messages() {
      yield* readMessages(await connection, rest);
    },
    async *conversation(bytes) {
      yield* readBytes(await connection, rest, bytes);
    },
    async *pack() {
      if (rest.bytes.length > 0) yield rest.bytes;
      yield* readChunks(await connection);
    },
    [Symbol.asyncDispose]: () => accepted.close(),
  };
}

function send(socket: Socket, message: object): boolean {
  return socket.write(`${JSON.stringify(message)}\n`);
}

interface Accepted {
  readonly connection: Promise<Socket>;
  close(): Promise<void>;
}

async function acceptOne(socketPath: string, signal: AbortSignal): Promise<Accepted> {
  const { promise: connection, resolve, reject } = Promise.withResolvers<Socket>();
  connection.catch(() => undefined);
  const onAbort = (): void => reject(signal.reason);
  const server = createServer((socket) => {
    server.close();
    signal.removeEventListener("abort", onAbort);
    socket.on("error", () => undefined);
    resolve(socket);
  });
  server.maxConnections = 1;
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen({ path: socketPath, readableAll: true, writableAll: true }, listening);
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return {
    connection,
    async close() {
      signal.removeEventListener("abort", onAbort);
      reject(new Error("closed"));
      server.close();
      await connection.then(
        (socket) => socket.destroy(),
        () => undefined,
      );
      await rm(socketPath, { force: true });
    },
  };
}

/** Up to and with the last message; the bytes after it are left in `rest`. */
async function* readMessages(socket: Socket, rest: { bytes: Buffer }): AsyncGenerator<ContainerMessage> {
  for await (const chunk of readChunks(socket)) {
    rest.bytes = rest.bytes.length === 0 ? chunk : Buffer.concat([rest.bytes, chunk]);
    for (let newline = rest.bytes.indexOf(10); newline >= 0; newline = rest.bytes.indexOf(10)) {
      const message = parseMessage(rest.bytes.subarray(0, newline));
      rest.bytes = rest.bytes.subarray(newline + 1);
      yield message;
      if (message.type === "collected" || message.type === "broken") return;
    }
    if (rest.bytes.length > maxLineBytes) {
      throw new WorkerError("CONTAINER_LOST", "The container sent an endless message.", { hint });
    }
  }
}

/** Exactly so many, if they come; what comes with them is left in `rest`. */
async function* readBytes(socket: Socket, rest: { bytes: Buffer }, count: number): AsyncGenerator<Uint8Array> {
  let missing = count;
  const take = (chunk: Buffer): Buffer => {
    const taken = chunk.subarray(0, missing);
    missing -= taken.length;
    rest.bytes = chunk.subarray(taken.length);
    return taken;
  };
  if (missing > 0 && rest.bytes.length > 0) yield take(rest.bytes);
  if (missing === 0) return;
  for await (const chunk of readChunks(socket)) {
    yield take(chunk);
    if (missing === 0) return;
  }
}

/** Unlike a stream's own iterator this one leaves the socket open when its consumer leaves the loop. */
async function* readChunks(socket: Socket): AsyncGenerator<Buffer> {
  const iterator = socket.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of iterator) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch {
    // A connection that breaks is an end like any other: what was announced and did not come shows what is missing.
  }
}

function parseMessage(line: Buffer): ContainerMessage {
  try {
    return messageSchema.parse(JSON.parse(line.toString()));
  } catch (cause) {
    throw new WorkerError("CONTAINER_LOST", "The container's entry program sent something that is no message.", {
      hint,
      cause,
    });
  }
}

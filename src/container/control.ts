import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { WorkerError } from "../core/worker-error.ts";
import type { ContainerMessage, ParseMessage } from "./container-message.ts";
import { strangerHint } from "./stranger-hint.ts";

/** The host's end of the control channel of one container. */
export interface Control extends AsyncDisposable {
  /** Waits for the container to connect. Rejects when aborted. */
  connected(): Promise<void>;
  /** What the agent CLI reads on its stdin; waits for the container to connect. To be called once. */
  sendPrompt(prompt: Uint8Array): Promise<void>;
  /** TERM to the agent CLI, KILL after the grace; 0 kills at once. */
  stop(graceMs: number): void;
  /** Messages until `collected` or `broken`, or until the container is gone. To be read once. Throws CONTAINER_LOST. */
  messages(parse: ParseMessage): AsyncGenerator<ContainerMessage>;
  /** The first bytes after `collected`; fewer where the container is gone. To be read whole, after `messages()` has ended. */
  conversation(bytes: number): AsyncGenerator<Uint8Array>;
  /** The pack that follows where there is work. To be read once, after `conversation()` has ended. */
  pack(): AsyncGenerator<Uint8Array>;
}

const maxLineBytes = 1024 * 1024;
/** Where the entry program expects it, in the directory that is mounted. */
export const controlSocketName = "control.sock";
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
      const line = `${JSON.stringify({ type: "prompt", bytes: prompt.length })}\n`;
      // As one: who has read all of it may end, and to write once more would lose what it has said.
      socket.write(Buffer.concat([Buffer.from(line), prompt]));
    },
    stop(graceMs) {
      const sendStop = (socket: Socket): void => void (socket.writable && send(socket, { type: "stop", graceMs }));
      void connection.then(sendStop, () => undefined);
    },
    async *messages(parse) {
      yield* readMessages(await connection, { rest, parse });
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
async function* readMessages(
  socket: Socket,
  { rest, parse }: { readonly rest: { bytes: Buffer }; readonly parse: ParseMessage },
): AsyncGenerator<ContainerMessage> {
  for await (const chunk of readChunks(socket)) {
    rest.bytes = rest.bytes.length === 0 ? chunk : Buffer.concat([rest.bytes, chunk]);
    for (let newline = rest.bytes.indexOf(10); newline >= 0; newline = rest.bytes.indexOf(10)) {
      const message = parse(rest.bytes.subarray(0, newline));
      rest.bytes = rest.bytes.subarray(newline + 1);
      yield message;
      if (message.type === "collected" || message.type === "broken") return;
    }
    if (rest.bytes.length > maxLineBytes) {
      throw new WorkerError("CONTAINER_LOST", "The container sent an endless message.", { hint: strangerHint });
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

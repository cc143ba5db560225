import { connect } from "node:net";

export interface RawAnswer {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly text: string;
}

/** Sends bytes as they are, which fetch would refuse to, and reads the answer to its end. */
export async function sendRaw(url: string, bytes: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => (text += chunk));
  socket.once("close", () => resolve());
  // A server that has had enough may cut the connection.
  socket.on("error", () => socket.destroy());
  if (typeof bytes === "string" || bytes instanceof Uint8Array) socket.write(bytes);
  else await writeAll(socket, bytes);
  await promise;
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

async function writeAll(socket: ReturnType<typeof connect>, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (socket.destroyed || socket.readableEnded) return;
    if (socket.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      socket.once("drain", resolve);
      socket.once("close", resolve);
    });
  }
}

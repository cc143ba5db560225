import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ProblemError } from "../http/problem-error.ts";

export interface BodyLimits {
  /** Unpacked. */
  readonly maxBytes: number;
  /** Nothing may come for so long. */
  readonly idleMs: number;
}

/** The body of a request of git's, unpacked, as it comes. Throws TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST. */
export async function* limitBody(
  incoming: IncomingMessage,
  { maxBytes, idleMs }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw buildTooLarge(maxBytes);
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(), idleMs);
  let sizeBytes = 0;
  try {
    for await (const chunk of unpack(incoming, slow.signal)) {
      timer.refresh();
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw buildTooLarge(maxBytes);
      yield chunk;
      // Time that was taken to pass it on is not the client's.
      timer.refresh();
    }
  } catch (error) {
    if (slow.signal.aborted) throw new ProblemError("REQUEST_TIMEOUT", { headers: closing, cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const closing = { Connection: "close" } as const;

function buildTooLarge(maxBytes: number): ProblemError {
  return new ProblemError("TOO_LARGE", { detail: `At most ${maxBytes} bytes can be sent here.`, headers: closing });
}

async function* unpack(incoming: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  const encoding = incoming.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") {
    yield* readChunks(incoming, signal);
    return;
  }
  if (encoding !== "gzip" && encoding !== "x-gzip") throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  const gunzip = createGunzip();
  incoming.pipe(gunzip);
  incoming.once("error", (error) => gunzip.destroy(error));
  try {
    yield* readChunks(gunzip, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ProblemError("BAD_REQUEST", { detail: "The body is not valid gzip.", cause: error });
  } finally {
    incoming.unpipe(gunzip);
    gunzip.destroy();
  }
}

/** What is there, without closing the stream at an early end: the answer still goes out on its socket. */
async function* readChunks(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) yield chunk;
    else if (stream.readableEnded) return;
    else if (stream.errored !== null) throw stream.errored;
    else if (stream.destroyed) throw new ProblemError("BAD_REQUEST", { detail: "The body ended too early." });
    else await waitForChunk(stream, signal);
  }
}

const wakeUps = ["readable", "end", "error", "close"] as const;

function waitForChunk(stream: Readable, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const stop = (): void => reject(new ProblemError("REQUEST_TIMEOUT"));
  for (const name of wakeUps) stream.on(name, wake);
  signal.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    for (const name of wakeUps) stream.off(name, wake);
    signal.removeEventListener("abort", stop);
  });
}

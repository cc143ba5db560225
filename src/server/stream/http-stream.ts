import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { disposeOnClose } from "./dispose-on-close.ts";
import { encodeNdjson, encodeSse } from "./encode-batch.ts";
import type { BatchEncoder } from "./encode-batch.ts";
import { readCursor } from "./read-cursor.ts";
import type { Cursor } from "./read-cursor.ts";
import type { StreamOptions } from "./stream-options.ts";
import { waitForDrain, watchFlow } from "./watch-flow.ts";

/** What distinguishes a kind of stream over HTTP. */
interface HttpFormat {
  readonly contentType: string;
  readonly encode: BatchEncoder;
  /** What it begins with. */
  readonly head: (options: StreamOptions) => string;
  /** Sent from time to time, so that proxies and clients see that it lives; undefined where the format has no word for it. */
  readonly ping: string | undefined;
}

export const httpFormats = {
  ndjson: { contentType: "application/x-ndjson", encode: encodeNdjson, head: () => "", ping: undefined },
  sse: {
    contentType: "text/event-stream",
    encode: encodeSse,
    head: ({ retryMs }) => `retry: ${retryMs}\n\n`,
    ping: ":\n\n",
  },
} as const satisfies Record<string, HttpFormat>;

export interface HttpStream {
  readonly outgoing: ServerResponse;
  readonly format: HttpFormat;
  readonly cursor: Cursor;
  readonly options: StreamOptions;
}

/**
 * Sends events until there are no more, or until `cursor.signal` is aborted; resolves when all is written. Writes to Node's
 * response, whose buffer can be seen: nothing is read while the client takes nothing.
 */
export async function sendStream({ outgoing, format, cursor, options }: HttpStream): Promise<void> {
  // Not the response's own: it has none as long as an earlier answer on the same connection is not out.
  const { socket } = outgoing.req;
  outgoing.writeHead(200, {
    "content-type": format.contentType,
    "cache-control": "no-cache, no-transform",
    // Proxies that gather answers would hold events back.
    "x-accel-buffering": "no",
  });
  outgoing.flushHeaders();
  disposeOnClose(
    outgoing,
    watchFlow(socket, { drainMs: options.drainMs, onStalled: () => outgoing.destroy() }),
    startPings(outgoing, { socket, text: format.ping, ms: options.pingMs }),
  );
  const head = format.head(options);
  if (head !== "") outgoing.write(head);
  for await (const batch of readCursor(cursor)) {
    if (outgoing.writableEnded || outgoing.destroyed) break;
    if (batch.events.length > 0) outgoing.write(format.encode(batch));
    if (outgoing.writableLength > options.bufferedBytes) await waitForDrain(outgoing, cursor.signal);
  }
  await endResponse(outgoing, cursor.signal.aborted ? options.pongMs : undefined);
}

interface Pings {
  readonly socket: Socket;
  readonly text: string | undefined;
  readonly ms: number;
}

function startPings(outgoing: ServerResponse, { socket, text, ms }: Pings): Disposable {
  // Finds a peer that is gone where nothing is sent to it.
  socket.setKeepAlive(true, ms);
  if (text === undefined) return { [Symbol.dispose]: () => undefined };
  const timer = setInterval(() => {
    if (outgoing.writableLength === 0 && !outgoing.writableEnded) outgoing.write(text);
  }, ms).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Resolves when it is out. `ms`: the server goes away, and a client that has not taken it until then is cut off. */
async function endResponse(outgoing: ServerResponse, ms: number | undefined): Promise<void> {
  if (outgoing.closed) return;
  const timer = ms === undefined ? undefined : setTimeout(() => outgoing.destroy(), ms).unref();
  const closed = once(outgoing, "close");
  outgoing.end();
  await closed;
  clearTimeout(timer);
}

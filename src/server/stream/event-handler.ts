import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { StreamTransport } from "../../metrics/metrics.ts";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { ProblemError } from "../http/problem-error.ts";
import { buildPage } from "./build-page.ts";
import { checkPlace } from "./check-place.ts";
import { chooseFormat } from "./choose-format.ts";
import { disposeOnClose } from "./dispose-on-close.ts";
import { parseLastEventId } from "./event-query.ts";
import type { EventQuery } from "./event-query.ts";
import { httpFormats, sendStream } from "./http-stream.ts";
import type { StreamParts } from "./stream-parts.ts";

/** A `GET /api/v1/tasks/{id}/events` of the task's owner. */
export interface EventRequest {
  /** As it is now. */
  readonly task: StoredTask;
  readonly query: EventQuery;
  readonly headers: Headers;
  /** Node's response, which streams write to: `c.env.outgoing`. */
  readonly outgoing: ServerResponse;
}

/**
 * Answers with a page, or, as `Accept` says, with a stream of NDJSON or SSE. A stream was already sent when this resolves, and
 * what it resolves to tells node-server so. Throws ProblemError: BAD_REQUEST, NOT_FOUND, GONE, TOO_MANY_REQUESTS, DRAINING.
 */
export type EventHandler = (request: EventRequest) => Promise<Response>;

export function createEventHandler(parts: StreamParts): EventHandler {
  return async (request) => {
    const after = readAfter(request);
    const place = checkPlace(request.task, { ...request.query, after });
    if (place !== undefined) throw new ProblemError("GONE", { detail: place });
    const format = chooseFormat(request.headers.get("accept"));
    if (format === "json") return answerWithPage(parts, { ...request, after });
    return answerWithStream(parts, { ...request, after, format });
  };
}

/** An SSE client that comes back names the last event it has seen, and repeats the address it was given first. */
function readAfter({ headers, query }: EventRequest): number {
  const last = headers.get("last-event-id") ?? "";
  const after = last === "" ? query.after : parseLastEventId(last);
  if (after === undefined) throw new ProblemError("BAD_REQUEST", { detail: "Last-Event-ID is none of this server's." });
  return after;
}

interface Placed extends EventRequest {
  readonly after: number;
}

async function answerWithPage(parts: StreamParts, { task, query, after, outgoing }: Placed): Promise<Response> {
  // A server that goes away still says what there is, but holds nothing back.
  const wait = parts.connections.isClosed ? 0 : query.wait;
  const signal = wait === 0 ? AbortSignal.abort() : register(parts, { task, outgoing }, "poll");
  const page = await buildPage(parts, { task, query: { ...query, after, wait }, signal });
  if (page === null) throw new ProblemError("NOT_FOUND");
  return new Response(page, { headers: { "content-type": "application/json", "cache-control": "no-store" } });
}

async function answerWithStream(
  parts: StreamParts,
  { task, after, format, outgoing }: Placed & { readonly format: keyof typeof httpFormats },
): Promise<Response> {
  // What an EventSource understands as: do not come back.
  if (format === "sse" && after === task.lastSeq && task.endedAt !== null) return new Response(null, { status: 204 });
  // The route of a GET answers HEAD as well: a stream without a body would only be long.
  if (outgoing.req.method === "HEAD") {
    return new Response(null, { headers: { "content-type": httpFormats[format].contentType } });
  }
  const signal = register(parts, { task, outgoing }, format);
  try {
    const cursor = { feed: parts.feed, taskId: task.id, after, signal };
    await sendStream({ outgoing, format: httpFormats[format], cursor, options: parts.options });
  } catch (error) {
    // The answer has begun: that it breaks off is all that can be said.
    parts.onError(error);
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

/** Counts the connection until its end; aborted then, or when the server ends its streams. */
function register(
  { connections }: StreamParts,
  { task, outgoing }: Pick<EventRequest, "task" | "outgoing">,
  transport: StreamTransport,
): AbortSignal {
  const abort = new AbortController();
  const onClose = (): void => abort.abort();
  const connection = connections.open({ owner: task.owner, transport, onClose });
  disposeOnClose(outgoing, connection, { [Symbol.dispose]: onClose });
  return abort.signal;
}

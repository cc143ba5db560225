import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { StreamTransport } from "../../metrics/metrics.ts";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { ProblemError } from "../http/problem-error.ts";
import { buildPage } from "./build-page.ts";
import { checkPlace } from "./check-place.ts";
import { chooseFormat } from "./choose-format.ts";
import type { EventFormat } from "./choose-format.ts";
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

const transports = { json: "poll", ndjson: "ndjson", sse: "sse" } as const satisfies Record<
  EventFormat,
  StreamTransport
>;

export function createEventHandler(parts: StreamParts): EventHandler {
  return async (request) => {
    const after = readAfter(request);
    const place = checkPlace(request.task, { ...request.query, after });
    if (place !== undefined) throw new ProblemError("GONE", { detail: place });
    const format = chooseFormat(request.headers.get("accept"));
    const abort = new AbortController();
    const onClose = (): void => abort.abort();
    const { outgoing, task } = request;
    const connection = parts.connections.open({ owner: task.owner, transport: transports[format], onClose });
    disposeOnClose(outgoing, connection, { [Symbol.dispose]: onClose });
    return answer(parts, { ...request, after, format, signal: abort.signal });
  };
}

/** An SSE client that comes back names the last event it has seen, and repeats the address it was given first. */
function readAfter({ headers, query }: EventRequest): number {
  const last = headers.get("last-event-id") ?? "";
  const after = last === "" ? query.after : parseLastEventId(last);
  if (after === undefined) throw new ProblemError("BAD_REQUEST", { detail: "Last-Event-ID is none of this server's." });
  return after;
}

interface Answer extends EventRequest {
  readonly after: number;
  readonly format: EventFormat;
  readonly signal: AbortSignal;
}

async function answer(parts: StreamParts, request: Answer): Promise<Response> {
  const { task, query, after, format, signal, outgoing } = request;
  if (format === "json") {
    const page = await buildPage(parts, { task, query: { ...query, after }, signal });
    if (page === null) throw new ProblemError("NOT_FOUND");
    return new Response(page, { headers: { "content-type": "application/json", "cache-control": "no-store" } });
  }
  // What an EventSource understands as: do not come back.
  if (format === "sse" && after === task.lastSeq && task.endedAt !== null) return new Response(null, { status: 204 });
  // The route of a GET answers HEAD as well: a stream without a body would only be long.
  if (outgoing.req.method === "HEAD") {
    return new Response(null, { headers: { "content-type": httpFormats[format].contentType } });
  }
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

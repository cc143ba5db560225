import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { Metrics } from "../../metrics/metrics.ts";
import { createUlid } from "../../util/ulid.ts";
import type { Logger } from "../logger.ts";
import { buildProblem, buildProblemHeaders, toProblemError } from "./problem-error.ts";

/** One request and its answer, as the log and the metrics see them. */
export interface Exchange {
  readonly requestId: string;
  /** Name of the key; null as long as nobody knows. */
  owner: string | null;
  /** The pattern of the route, never a path: `/api/v1/tasks/{id}`. */
  route: string;
  readonly logger: Logger;
}

/** What routes are called with. */
export interface ServerEnvironment {
  Bindings: HttpBindings & { readonly exchange: Exchange };
}

export interface ExchangeParts {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "requestDone">;
}

/** Names the request and writes one line about it when its answer is out, or its client gone. */
export function openExchange(incoming: IncomingMessage, outgoing: ServerResponse, parts: ExchangeParts): Exchange {
  const startedAt = performance.now();
  const requestId = createUlid();
  const exchange: Exchange = { requestId, owner: null, route: "none", logger: parts.logger.child({ requestId }) };
  outgoing.setHeader("X-Request-Id", requestId);
  outgoing.setHeader("X-Content-Type-Options", "nosniff");
  outgoing.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  // What may be kept says so itself.
  outgoing.setHeader("Cache-Control", "no-store");
  outgoing.once("close", () => {
    const { method = "" } = incoming;
    const ms = Math.round(performance.now() - startedAt);
    const { owner, route } = exchange;
    // 499: what nginx writes for clients that went away; it was never sent.
    const status = outgoing.headersSent ? outgoing.statusCode : 499;
    const facts = { method, path: readPath(incoming), route, status, ms, owner, cut: !outgoing.writableFinished };
    exchange.logger.info(facts, "request");
    parts.metrics.requestDone({ method, route, status, ms });
  });
  return exchange;
}

/** Without the query, which may hold a ticket. */
function readPath({ url = "" }: IncomingMessage): string {
  return url.slice(0, 512).split("?", 1).join("");
}

/** Answers with a problem on Node's own response, for what does not go through a route's return value. */
export function sendProblem(outgoing: ServerResponse, exchange: Exchange, error: unknown): void {
  const problem = toProblemError(error);
  logFailure(exchange, error);
  if (outgoing.headersSent) {
    // Too late to say it: a cut answer is not taken for a whole one.
    outgoing.destroy();
    return;
  }
  const body = buildProblem(problem, exchange.requestId);
  outgoing.writeHead(body.status, buildProblemHeaders(problem));
  outgoing.end(outgoing.req.method === "HEAD" ? undefined : JSON.stringify(body));
}

/** Only what nobody expected, with its cause; what a client did wrong is in the line of its request. */
export function logFailure({ logger }: Exchange, error: unknown): void {
  const { code, cause } = toProblemError(error);
  // The client went away, and what was done for it ended.
  if (cause instanceof Error && cause.name === "AbortError") return;
  if (code === "INTERNAL" || code === "DISK_FULL") logger.error({ err: cause }, "failed");
}

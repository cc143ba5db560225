import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener, RequestError } from "@hono/node-server";
import { closeCodes } from "../protocol/task-event.ts";
import { WorkerError } from "../core/worker-error.ts";
import { readCode, readMessage } from "../util/error-facts.ts";
import { acceptSockets } from "./accept-sockets.ts";
import { checkRequest } from "./access/check-request.ts";
import { buildApp } from "./build-app.ts";
import { answerBrokenRequests } from "./http/broken-requests.ts";
import { openExchange, sendProblem } from "./http/exchange.ts";
import type { Exchange } from "./http/exchange.ts";
import { ProblemError } from "./http/problem-error.ts";
import type { RouteParts, ServerParts } from "./server-parts.ts";
import { disposeOnClose } from "./stream/dispose-on-close.ts";
import type { StreamOptions } from "./stream/stream-options.ts";
import { watchFlow } from "./stream/watch-flow.ts";

/** A server that listens. Disposing ends every connection, after half a second for last words. */
export interface TaskServer extends AsyncDisposable {
  /** `http://127.0.0.1:8000`, with the port it really has. */
  readonly url: string;
  /**
   * Takes nothing new: /readyz says so, streams are sent to another server. What is asked about is still answered. Resolves when all
   * streams have ended.
   */
  drain(): Promise<void>;
}

/** Throws LISTEN_FAILED. */
export async function startTaskServer(parts: ServerParts): Promise<TaskServer> {
  const closing = new AbortController();
  const state = { isDraining: false };
  const routeParts: RouteParts = { ...parts, closing: closing.signal, isDraining: () => state.isDraining };
  const { limits, settings } = parts;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    // A push may take its time: bodies have limits of their own.
    requestTimeout: 0,
    keepAliveTimeout: 15_000,
    connectionsCheckingInterval: Math.min(limits.headersMs, 5_000),
    // Refused like everything else, and not by Node.
    requireHostHeader: false,
    // `curl --http2` asks for h2c and is content with what it gets.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
  });
  server.on("request", createListener(routeParts));
  const sockets = acceptSockets(server, routeParts);
  answerBrokenRequests(server, parts.logger);
  await listen(server, settings);
  return {
    url: buildUrl(server, settings.host),
    async drain() {
      state.isDraining = true;
      await sockets.closeAll(closeCodes.restart);
    },
    async [Symbol.asyncDispose]() {
      state.isDraining = true;
      closing.abort(new ProblemError("DRAINING"));
      await Promise.all([sockets.closeAll(closeCodes.restart), closeServer(server)]);
    },
  };
}

/** Who waited gets an answer yet; the rest is cut off. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close").then(() => true);
  server.close();
  for (let left = 10; left > 0; left -= 1) {
    if (await Promise.race([closed, sleep(lastWordsMs / 10, false)])) return;
    server.closeIdleConnections();
  }
  server.closeAllConnections();
  await closed;
}

const lastWordsMs = 500;

function createListener(parts: RouteParts): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const app = buildApp(parts);
  const exchanges = new WeakMap<object, Exchange>();
  const answer = getRequestListener(
    (request, env) => {
      const exchange = exchanges.get(env.incoming);
      if (exchange === undefined) throw new ProblemError("INTERNAL");
      return app.fetch(request, { ...env, exchange });
    },
    {
      overrideGlobalObjects: false,
      errorHandler(error) {
        throw error instanceof RequestError ? new ProblemError("BAD_REQUEST", { cause: error }) : error;
      },
    },
  );
  return (incoming, outgoing) => {
    const exchange = openExchange(incoming, outgoing, parts);
    exchanges.set(incoming, exchange);
    cutOffStalled(incoming, outgoing, parts.stream.options);
    try {
      if (incoming.url?.startsWith("/") !== true) throw new ProblemError("BAD_REQUEST");
      checkRequest(incoming, parts.settings);
    } catch (error) {
      return sendProblem(outgoing, exchange, error);
    }
    answer(incoming, outgoing).catch((error: unknown) => sendProblem(outgoing, exchange, error));
  };
}

/** Whoever takes nothing of an answer, or goes on sending when it is out, holds a connection, memory and perhaps a git for nothing. */
function cutOffStalled(
  { socket }: IncomingMessage,
  outgoing: ServerResponse,
  { drainMs }: Pick<StreamOptions, "drainMs">,
): void {
  disposeOnClose(outgoing, watchFlow(socket, { drainMs, onStalled: () => outgoing.destroy() }));
  outgoing.once("finish", () => {
    if (outgoing.req.complete) return;
    const timer = setTimeout(() => socket.destroy(), lastWordsMs).unref();
    outgoing.req.once("end", () => clearTimeout(timer));
  });
}

async function listen(server: Server, { host, port }: ServerParts["settings"]): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (error) {
    const why = readCode(error) === "EADDRINUSE" ? "is in use" : `cannot be listened on: ${readMessage(error)}`;
    throw new WorkerError("LISTEN_FAILED", `${host}:${port} ${why}.`, { cause: error });
  }
}

function buildUrl(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

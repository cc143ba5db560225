import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { taskIdSchema } from "../protocol/identifiers.ts";
import { createUlid } from "../util/ulid.ts";
import { authenticateSocket } from "./access/authenticate.ts";
import { checkRequest } from "./access/check-request.ts";
import type { Exchange } from "./http/exchange.ts";
import { logFailure } from "./http/exchange.ts";
import { ProblemError } from "./http/problem-error.ts";
import { refuseSocket } from "./http/refuse-socket.ts";
import { readOwnTask } from "./routes/own-task.ts";
import type { RouteParts } from "./server-parts.ts";
import { createSocketHandler } from "./stream/socket-handler.ts";
import type { SocketHandler } from "./stream/socket-handler.ts";

const pattern = "/ws/tasks/{id}";

/** Answers upgrades: to the events of a task for its owner, else with a refusal. */
export function acceptSockets(server: Server, parts: RouteParts): SocketHandler {
  const handler = createSocketHandler(parts.stream);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestId = createUlid();
    const exchange: Exchange = { requestId, owner: null, route: pattern, logger: parts.logger.child({ requestId }) };
    // Nobody else listens yet, and what nobody listens to ends the process.
    socket.on("error", () => socket.destroy());
    void admit(request, exchange, parts)
      .then((task) => handler.handle({ task, request, socket, head, requestId }))
      .catch((error: unknown) => {
        logFailure(exchange, error);
        refuseSocket(socket, error, requestId);
      });
  });
  return handler;
}

async function admit(request: IncomingMessage, exchange: Exchange, parts: RouteParts) {
  checkRequest(request, parts.settings);
  const owner = authenticateSocket(request, exchange, parts);
  const [path = ""] = (request.url ?? "").split("?", 1);
  const id = taskIdSchema.safeParse(/^\/ws\/tasks\/([^/]+)$/.exec(path)?.[1]);
  if (!id.success) throw new ProblemError("NOT_FOUND");
  const task = await readOwnTask(parts, owner, id.data);
  exchange.logger.info({ route: pattern, task: task.id, owner }, "socket");
  return task;
}

import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { ProblemError } from "../http/problem-error.ts";
import { refuseSocket } from "../http/refuse-socket.ts";
import { disposeOnClose } from "./dispose-on-close.ts";
import { placeQuerySchema } from "./event-query.ts";
import type { PlaceQuery } from "./event-query.ts";
import { openSocketStream } from "./socket-stream.ts";
import type { StreamParts } from "./stream-parts.ts";

/** An upgrade to `/ws/tasks/{id}?after=N&epoch=E` of the task's owner: what the server's `upgrade` event gave. */
export interface SocketRequest {
  /** As it is now. */
  readonly task: StoredTask;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly requestId: string;
}

export interface SocketHandler {
  /** Takes the socket over: upgrades it, or refuses. */
  handle(request: SocketRequest): void;
  /** Ends all streams, those over HTTP too; WebSockets are closed with `code`. Refuses new ones. Resolves when all have ended. */
  closeAll(code: number): Promise<void>;
}

export function createSocketHandler(parts: StreamParts): SocketHandler {
  const { options, connections } = parts;
  // closeTimeout: ws 8.23 has it, its types do not know yet.
  const settings = {
    noServer: true,
    clientTracking: false,
    maxPayload: options.messageBytes,
    // Frames are written past it (socket-stream.ts).
    perMessageDeflate: false,
    closeTimeout: options.pongMs,
  };
  const server = new WebSocketServer(settings);
  const requestIds = new WeakMap<Duplex, string>();
  server.on("wsClientError", ({ message }, socket) => {
    refuseSocket(socket, new ProblemError("BAD_REQUEST", { detail: message }), requestIds.get(socket) ?? "");
  });
  return {
    handle(given) {
      const { task, request, head, requestId } = given;
      requestIds.set(given.socket, requestId);
      try {
        const { socket, place } = check(given);
        let close = (_code: number): unknown => socket.destroy();
        const onClose = (code: number): unknown => close(code);
        const connection = connections.open({ owner: task.owner, transport: "ws", onClose });
        // Not with the WebSocket's end, which never comes where the upgrade fails half way.
        disposeOnClose(socket, connection);
        server.handleUpgrade(request, socket, head, (webSocket) => {
          ({ close } = openSocketStream(parts, { webSocket, socket, task, place }));
        });
      } catch (error) {
        refuseSocket(given.socket, error, requestId);
      }
    },
    closeAll: (code) => connections.closeAll(code),
  };
}

function check({ request, socket }: SocketRequest): { readonly socket: Socket; readonly place: PlaceQuery } {
  const place = placeQuerySchema.safeParse(readQuery(request));
  if (!place.success) throw new ProblemError("BAD_REQUEST", { detail: "after or epoch is malformed." });
  if (!(socket instanceof Socket)) throw new ProblemError("INTERNAL");
  return { socket, place: place.data };
}

function readQuery(request: IncomingMessage): Record<string, string> {
  const search = /\?(.*)$/.exec(request.url ?? "")?.[1] ?? "";
  return Object.fromEntries(new URLSearchParams(search));
}

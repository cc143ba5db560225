import type { WebSocket } from "ws";
import type { StreamOptions } from "./stream-options.ts";

export interface Heartbeat {
  readonly options: Pick<StreamOptions, "pingMs" | "pongMs" | "messages">;
  /** The client did not answer. */
  readonly onDead: () => void;
  /** The client says more than it may. */
  readonly onFlood: () => void;
}

/**
 * Pings, and counts what the client sends from ping to ping. An answer is not expected while data waits in the socket, since the
 * ping waits behind it: that is for whoever watches the flow.
 */
export function startHeartbeat(webSocket: WebSocket, { options, onDead, onFlood }: Heartbeat): Disposable {
  let waiting = false;
  let messages = 0;
  const ping = (): void => {
    waiting = true;
    messages = 0;
    webSocket.ping();
    schedule(look, options.pongMs);
  };
  const look = (): void => {
    if (webSocket.bufferedAmount > 0) schedule(look, options.pongMs);
    else onDead();
  };
  const hear = (): void => {
    if (!waiting) return;
    waiting = false;
    schedule(ping, options.pingMs);
  };
  let timer: NodeJS.Timeout | undefined;
  const schedule = (next: () => void, ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(next, ms).unref();
  };
  const count = (): void => {
    messages += 1;
    if (messages > options.messages) onFlood();
  };
  webSocket.on("pong", hear);
  webSocket.on("message", count);
  webSocket.on("ping", count);
  schedule(ping, options.pingMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

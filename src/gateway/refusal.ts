import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** An answer of the gateway itself, in the provider's error shape, so that the agent CLI understands it. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  /** Whether the agent CLI should try again by itself: it obeys `x-should-retry`. */
  readonly retry: boolean;
}

export function buildDenial(why: string): Refusal {
  return {
    status: 403,
    type: "permission_error",
    message: `The gateway of agent-worker denies this: ${why}.`,
    retry: false,
  };
}

export function sendRefusal(response: ServerResponse, refusal: Refusal): number {
  const body = toBody(refusal);
  response.writeHead(refusal.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-should-retry": String(refusal.retry),
    connection: "close",
  });
  response.end(body);
  return Buffer.byteLength(body);
}

/** For requests that never became one: tunnels, upgrades and what is no HTTP at all. */
export function sendRawRefusal(socket: Duplex, refusal: Refusal): number {
  const body = toBody(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} Denied`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.once("error", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  return Buffer.byteLength(body);
}

function toBody({ type, message }: Refusal): string {
  return JSON.stringify({ type: "error", error: { type, message } });
}

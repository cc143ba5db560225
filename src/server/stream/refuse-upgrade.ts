import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { buildProblem, buildProblemHeaders, toProblemError } from "../http/problem-error.ts";

/** Refuses a WebSocket with a plain HTTP answer, on the socket that the server's `upgrade` event gave. Takes anything thrown. */
export function refuseUpgrade(socket: Duplex, error: unknown, requestId: string): void {
  const problem = toProblemError(error);
  const body = buildProblem(problem, requestId);
  const text = JSON.stringify(body);
  const headers = {
    ...buildProblemHeaders(problem),
    "X-Request-Id": requestId,
    "Content-Length": Buffer.byteLength(text),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? ""}\r\n${lines.join("")}\r\n${text}`);
}

import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { buildProblem, buildProblemHeaders, toProblemError } from "./problem-error.ts";

/** Refuses with a plain HTTP answer on the bare socket, where there is no response: an upgrade, or what is no request. Takes anything thrown. */
export function refuseSocket(socket: Duplex, error: unknown, requestId: string): void {
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

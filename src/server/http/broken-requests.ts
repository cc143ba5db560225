import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { createUlid } from "../../util/ulid.ts";
import { readCode } from "../../util/error-facts.ts";
import { problemTable } from "../../protocol/problem.ts";
import type { ProblemCode } from "../../protocol/problem.ts";
import { buildProblem, buildProblemHeaders, ProblemError } from "./problem-error.ts";

/** Answers what Node's parser did not let through: malformed, too large, too slow. */
export function answerBrokenRequests(server: Server): void {
  server.on("clientError", (error: Error, socket: Duplex) => {
    if (readCode(error) === "ECONNRESET" || !socket.writable) socket.destroy();
    else writeProblem(socket, new ProblemError(toCode(error)));
  });
}

/** A problem on a socket that has no response of Node's; the socket ends with it. */
export function writeProblem(socket: Duplex, problem: ProblemError, requestId = createUlid()): void {
  const body = JSON.stringify(buildProblem(problem, requestId));
  const { status, title } = problemTable[problem.code];
  const headers = {
    ...buildProblemHeaders(problem),
    "Content-Length": String(Buffer.byteLength(body)),
    "X-Request-Id": requestId,
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}

function toCode(error: Error): ProblemCode {
  const code = readCode(error);
  if (code === "HPE_HEADER_OVERFLOW") return "HEADERS_TOO_LARGE";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "REQUEST_TIMEOUT" : "BAD_REQUEST";
}

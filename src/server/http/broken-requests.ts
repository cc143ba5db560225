import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { createUlid } from "../../util/ulid.ts";
import { readCode } from "../../util/error-facts.ts";
import type { ProblemCode } from "../../protocol/problem.ts";
import type { Logger } from "../logger.ts";
import { ProblemError } from "./problem-error.ts";
import { refuseSocket } from "./refuse-socket.ts";

/** Answers what Node's parser did not let through: malformed, too large, too slow. */
export function answerBrokenRequests(server: Server, logger: Logger): void {
  server.on("clientError", (error: Error, socket: Duplex) => {
    if (readCode(error) === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const requestId = createUlid();
    const code = toCode(error);
    logger.warn({ requestId, code, why: readCode(error) }, "broken request");
    refuseSocket(socket, new ProblemError(code), requestId);
  });
}

function toCode(error: Error): ProblemCode {
  const code = readCode(error);
  if (code === "HPE_HEADER_OVERFLOW") return "HEADERS_TOO_LARGE";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "REQUEST_TIMEOUT" : "BAD_REQUEST";
}

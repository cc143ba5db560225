import type { IncomingMessage } from "node:http";
import type { MiddlewareHandler } from "hono";
import type { ServerLimits } from "../server-limits.ts";
import type { ServerEnvironment } from "./exchange.ts";
import { parseBody } from "./parse-body.ts";
import { ProblemError } from "./problem-error.ts";

export interface BodyRules extends Pick<ServerLimits, "bodyMs" | "bodyDepth"> {
  readonly maxBytes: number;
  /** Taken for `{}` where there is none. */
  readonly isOptional: boolean;
}

/**
 * Reads a JSON body before anybody looks at it, so that none is larger, slower, deeper or stranger than it may be. Throws BAD_REQUEST,
 * TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, REQUEST_TIMEOUT.
 */
export function readBody(rules: BodyRules): MiddlewareHandler<ServerEnvironment> {
  return async (context, next) => {
    const { incoming } = context.env;
    if (!(rules.isOptional && !hasBody(incoming.headers))) {
      checkHeaders(incoming.headers, rules);
      const text = await collect(incoming, rules);
      parseBody(text, rules.bodyDepth);
      // Where the validators of Hono look for it.
      Object.assign(context.req.bodyCache, { text: Promise.resolve(text) });
    }
    await next();
  };
}

type Headers = IncomingMessage["headers"];

function hasBody(headers: Headers): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function checkHeaders(headers: Headers, { maxBytes }: BodyRules): void {
  const type = headers["content-type"] ?? "";
  if (!/^application\/json *(?:; *charset="?utf-?8"? *)?$/i.test(type)) {
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", { detail: "The body must be application/json, in UTF-8." });
  }
  const encoding = headers["content-encoding"] ?? "identity";
  // What unpacks to more than it seems is not unpacked.
  if (encoding !== "identity") {
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE", { detail: "The body must not be compressed." });
  }
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw buildTooLarge(maxBytes);
}

/** By events: an iterator would close the socket with its end, and the answer still has to go out on it. */
async function collect(incoming: IncomingMessage, { maxBytes, bodyMs }: BodyRules): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const take = (chunk: Buffer): void => {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) reject(buildTooLarge(maxBytes));
    else chunks.push(chunk);
  };
  const giveUp = (): void => reject(new ProblemError("BAD_REQUEST", { detail: "The body ended too early." }));
  const timer = setTimeout(() => reject(buildTimeout()), bodyMs);
  incoming.on("data", take).once("end", resolve).once("error", giveUp).once("close", giveUp);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    incoming.off("data", take).pause();
  }
  return decode(Buffer.concat(chunks, sizeBytes));
}

function buildTimeout(): ProblemError {
  return new ProblemError("REQUEST_TIMEOUT", { headers: { Connection: "close" } });
}

function buildTooLarge(maxBytes: number): ProblemError {
  return new ProblemError("TOO_LARGE", {
    detail: `The body may be ${maxBytes} bytes.`,
    // The rest of it is not read.
    headers: { Connection: "close" },
  });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProblemError("BAD_REQUEST", { detail: "The body is not valid UTF-8." });
  }
}

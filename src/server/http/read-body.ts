import type { IncomingMessage } from "node:http";
import type { MiddlewareHandler } from "hono";
import type { ServerLimits } from "../server-limits.ts";
import type { ServerEnvironment } from "./exchange.ts";
import { parseBody } from "./parse-body.ts";
import { ProblemError } from "./problem-error.ts";

export interface BodyRules extends Pick<ServerLimits, "bodyMs" | "bodyDepth" | "ownerBodyBytes"> {
  readonly maxBytes: number;
  /** Taken for `{}` where there is none. */
  readonly isOptional: boolean;
}

/**
 * Reads a JSON body before anybody looks at it, so that none is larger, slower, deeper or stranger than it may be. Throws BAD_REQUEST,
 * TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, REQUEST_TIMEOUT, TOO_MANY_REQUESTS.
 */
export function readBody(rules: BodyRules): MiddlewareHandler<ServerEnvironment> {
  const held = new Map<string, number>();
  return async (context, next) => {
    const { incoming, exchange } = context.env;
    if (!(rules.isOptional && !hasBody(incoming.headers))) {
      checkHeaders(incoming.headers, rules);
      const text = await collect(incoming, rules, openShare(held, exchange.owner ?? ""));
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
async function collect(incoming: IncomingMessage, rules: BodyRules, share: Share): Promise<string> {
  const { maxBytes, bodyMs, ownerBodyBytes } = rules;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const take = (chunk: Buffer): void => {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) reject(buildTooLarge(maxBytes));
    else if (share.add(chunk.length) > ownerBodyBytes) reject(buildTooMany());
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
    share.giveBack();
  }
  return decode(Buffer.concat(chunks, sizeBytes));
}

/** Of the memory that bodies of one owner may take while they come, however slowly. */
interface Share {
  /** Answers how much all of them have now. */
  add(bytes: number): number;
  giveBack(): void;
}

function openShare(held: Map<string, number>, owner: string): Share {
  let own = 0;
  return {
    add(bytes) {
      own += bytes;
      const all = (held.get(owner) ?? 0) + bytes;
      held.set(owner, all);
      return all;
    },
    giveBack() {
      const rest = (held.get(owner) ?? 0) - own;
      if (rest > 0) held.set(owner, rest);
      else held.delete(owner);
      own = 0;
    },
  };
}

function buildTooMany(): ProblemError {
  const detail = "Too many bodies of this key are on their way at once.";
  return new ProblemError("TOO_MANY_REQUESTS", { detail, headers: { Connection: "close", "Retry-After": "1" } });
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

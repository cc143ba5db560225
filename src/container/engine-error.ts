import { WorkerError } from "../core/worker-error.ts";
import { isDiskFull } from "../util/error-facts.ts";
import { readField, readText } from "../util/read-field.ts";

/** What docker-modem and node:net put on an error. */
interface EngineErrorFacts {
  readonly name: string | undefined;
  readonly message: string;
  readonly code: string | undefined;
  readonly statusCode: number | undefined;
  readonly json: unknown;
}

/** An engine that answers nothing for this long is as good as none. Waits with no natural end bring their own time. */
const defaultTimeoutMs = 60_000;

/** Messages of an engine can be whole web pages (a proxy in between). */
const maxMessageLength = 2000;

/**
 * Makes one call of the engine: ends it when `signal` aborts or after `timeoutMs`, and turns what it throws into a
 * WorkerError. `what` completes "The engine could not ...".
 */
export async function callEngine<Result>(
  what: string,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await call(AbortSignal.any([options.signal, timeout]));
  } catch (error) {
    if (options.signal.aborted) throw buildCancelled(what, error);
    if (timeout.aborted) throw buildTimedOut(what, { timeoutMs, cause: error });
    throw toEngineError(error, what);
  }
}

/**
 * Turns what dockerode threw into a WorkerError; the one place that knows its errors. `what` as for `callEngine`;
 * without it the message is the engine's own.
 */
export function toEngineError(error: unknown, what?: string): WorkerError {
  if (error instanceof WorkerError) return error;
  const could = what === undefined ? "" : `The engine could not ${what}: `;
  const facts = readFacts(error);
  if (facts === undefined) return new WorkerError("ENGINE_FAILED", `${could}${String(error)}`);
  if (facts.name === "AbortError") return buildCancelled(what, error);
  if (facts.statusCode === undefined && facts.code !== undefined) {
    const { reason, hint } = explainConnection(facts);
    return new WorkerError("ENGINE_UNAVAILABLE", `${could === "" ? "The engine fails: " : could}${reason}.`, {
      hint,
      cause: error,
    });
  }
  const message = describeAnswer(facts);
  if (isDiskFull(message)) return buildDiskFull(message, error);
  return new WorkerError("ENGINE_FAILED", `${could}${message}`, {
    hint: "Look at the engine's own log, for example: journalctl -u docker --since -10min",
    cause: error,
  });
}

/** The status of an HTTP answer that was an error; undefined where there was none. */
export function readStatusCode(error: unknown): number | undefined {
  return readFacts(error)?.statusCode;
}

/** undefined where it is not an error of theirs: then it is told as it is. */
function readFacts(error: unknown): EngineErrorFacts | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const [name, message = "", code] = ["name", "message", "code"].map((field) => readField(error, field));
  const statusCode = readField(error, "statusCode");
  if (!isTextOrAbsent(name) || typeof message !== "string" || !isTextOrAbsent(code)) return undefined;
  if (statusCode !== undefined && typeof statusCode !== "number") return undefined;
  return { name, message, code, statusCode, json: readField(error, "json") };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

export function buildDiskFull(message: string, cause?: unknown): WorkerError {
  return new WorkerError("DISK_FULL", `The engine has no space left: ${message}`, {
    hint: "See what takes the space with `docker system df`; `agent-worker image prune` removes old images of ours.",
    cause,
  });
}

/** The engine's own words: `{"message": ...}`, else the body with tags removed, else the text of dockerode. */
function describeAnswer({ json, message, statusCode }: EngineErrorFacts): string {
  const said = readText(json, "message");
  const text = said ?? message.replace(/<[^>]*>/g, " ");
  const short = text.replace(/\s+/g, " ").trim().slice(0, maxMessageLength);
  return said !== undefined ? short : `HTTP ${statusCode}: ${short}`;
}

function explainConnection({ code, message }: EngineErrorFacts): { reason: string; hint: string } {
  const start = "Start it, for example: sudo systemctl start docker. `agent-worker doctor` tells more.";
  switch (code) {
    case "ECONNREFUSED":
      return { reason: "it does not accept connections", hint: start };
    case "ENOENT":
      return { reason: "its socket is gone", hint: start };
    case "EACCES":
    case "EPERM":
      return { reason: "permission denied", hint: 'Join its group: sudo usermod -aG docker "$USER" && newgrp docker' };
    case "ECONNRESET":
    case "EPIPE":
      return { reason: "it closed the connection", hint: "Try again; `agent-worker doctor` tells whether it is up." };
    default:
      return { reason: message === "" ? (code ?? "unknown") : message, hint: "`agent-worker doctor` tells more." };
  }
}

function buildCancelled(what: string | undefined, cause: unknown): WorkerError {
  return new WorkerError("CANCELLED", `Cancelled while the engine was to ${what ?? "answer"}.`, { cause });
}

function buildTimedOut(what: string, { timeoutMs, cause }: { timeoutMs: number; cause: unknown }): WorkerError {
  return new WorkerError(
    "ENGINE_UNAVAILABLE",
    `The engine could not ${what}: it did not answer within ${timeoutMs / 1000} s.`,
    { hint: "Restart it, for example: sudo systemctl restart docker", cause },
  );
}

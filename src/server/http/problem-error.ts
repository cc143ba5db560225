import type { Problem, ProblemCode } from "../../protocol/problem.ts";
import { problemTable } from "../../protocol/problem.ts";
import { WorkerError } from "../../core/worker-error.ts";

export interface ProblemOptions {
  /** For people. Never a token, a path of the server's or a stack. */
  readonly detail?: string | undefined;
  readonly errors?: Problem["errors"];
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only. */
  readonly cause?: unknown;
}

/** A refusal: what the client is told. Everything else that is thrown becomes INTERNAL. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problemTable[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}

/** A field of the body or the query that is wrong. `pointer` is RFC 6901. */
export function buildFieldError(code: ProblemCode, pointer: string, message: string): ProblemError {
  return new ProblemError(code, { detail: message, errors: [{ pointer, code, message }] });
}

/** Turns anything thrown into a refusal. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof WorkerError && error.code === "DISK_FULL")
    return new ProblemError("DISK_FULL", { cause: error });
  return new ProblemError("INTERNAL", { cause: error });
}

export function buildProblem({ code, options }: ProblemError, requestId: string): Problem {
  const { status, retryable, title } = problemTable[code];
  return {
    type: `urn:agent-worker:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    code,
    requestId,
    retryable,
    ...(options.errors === undefined ? {} : { errors: options.errors }),
  };
}

/** The headers of a refusal, its own and those that its status asks for. */
export function buildProblemHeaders({ code, options }: ProblemError): Record<string, string> {
  const { status, retryable } = problemTable[code];
  return {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...(status === 401 ? { "WWW-Authenticate": 'Bearer realm="agent-worker"' } : {}),
    ...(retryable && (status === 429 || status === 503 || status === 507) ? { "Retry-After": "5" } : {}),
    ...options.headers,
  };
}

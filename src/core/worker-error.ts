import { errorTable } from "./error-table.ts";
import type { ErrorCode } from "./error-table.ts";

/** The only error thrown on purpose: what happened (`message`), what to do (`hint`), and a stable `code`. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? errorTable[code].hint;
  }

  /** The exit code of a process that ends with this error. */
  get exit(): number {
    return errorTable[this.code].exit;
  }
}

/** Turns anything thrown into a WorkerError; what was not thrown on purpose becomes INTERNAL. */
export function toWorkerError(error: unknown): WorkerError {
  if (error instanceof WorkerError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new WorkerError("INTERNAL", message, { cause: error });
}

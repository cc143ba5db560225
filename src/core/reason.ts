import type { z } from "zod";
import type { reasonSchema } from "./ending-schema.ts";
import { errorTable } from "./error-table.ts";
import type { ErrorCode } from "./error-table.ts";
import type { WorkerError } from "./worker-error.ts";

/** Why a run ended as it did: a code of the error table, what happened, what to do. */
export type Reason = z.infer<typeof reasonSchema>;

export function buildReason(code: ErrorCode, message: string, hint: string = errorTable[code].hint): Reason {
  return { code, message, hint };
}

export function toReason(error: WorkerError): Reason {
  return { code: error.code, message: error.message, hint: error.hint };
}

import { statfsSync } from "node:fs";
import path from "node:path";
import { WorkerError } from "../../../core/worker-error.ts";
import { readCode, readMessage } from "../../../util/error-facts.ts";

/** Primary result codes: https://sqlite.org/rescode.html. */
const codes = { busy: 5, locked: 6, ioError: 10, corrupt: 11, full: 13, notADatabase: 26 } as const;
/** A value too big, a constraint, a type, a parameter: what one statement can do wrong. */
const statementCodes = new Set([18, 19, 20, 25]);
/** With less than this free, an error of input or output is for want of room. */
const roomBytes = 256 * 1024;

const damagedHint =
  "The file of the task server is damaged: put back a backup of it, or move it away to begin with an empty one.";

/** What SQLite or the file system threw, as DISK_FULL or STORE_FAILED. */
export function toStoreError(file: string, error: unknown): WorkerError {
  if (error instanceof WorkerError) return error;
  const options = { cause: error };
  const message = `${path.basename(file)}: ${readMessage(error)}`;
  const code = readResultCode(error);
  if (code === codes.full || readCode(error) === "ENOSPC" || (code === codes.ioError && hasNoRoom(file))) {
    return new WorkerError("DISK_FULL", message, options);
  }
  if (code === codes.corrupt || code === codes.notADatabase) {
    return new WorkerError("STORE_FAILED", message, { ...options, hint: damagedHint });
  }
  return new WorkerError("STORE_FAILED", message, options);
}

/** Whether it is the file and not one statement that fails: then nothing else of the same transaction can succeed. */
export function isFileError(error: unknown): boolean {
  const code = readResultCode(error);
  return code !== undefined && !statementCodes.has(code);
}

export function isLocked(error: unknown): boolean {
  const code = readResultCode(error);
  return code === codes.busy || code === codes.locked;
}

/** SQLite's primary result code; undefined where it did not come from SQLite. */
function readResultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

function hasNoRoom(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path.dirname(file));
    return bavail * bsize < roomBytes;
  } catch {
    return false;
  }
}

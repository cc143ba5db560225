import { constants, open } from "node:fs/promises";
import { WorkerError } from "../../core/worker-error.ts";
import { readCode } from "../../util/error-facts.ts";
import type { ServerKey } from "./key-ring.ts";
import { parseKeysFile } from "./parse-keys.ts";

const maxBytes = 1024 * 1024;

export interface ReadKeys {
  readonly keys: readonly ServerKey[];
  /** For the log, null where all is well. */
  readonly warning: string | null;
}

/** Throws KEYS_INVALID. */
export async function readKeysFile(file: string): Promise<ReadKeys> {
  try {
    // A pipe would be waited for until somebody writes to it.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    const { mode, size } = found;
    if (!found.isFile()) throw new WorkerError("KEYS_INVALID", `${file} is no file.`);
    if (size > maxBytes) throw new WorkerError("KEYS_INVALID", `${file} is larger than ${maxBytes} bytes.`);
    const keys = parseKeysFile(await handle.readFile("utf8"), file);
    if (keys.length === 0) throw new WorkerError("KEYS_INVALID", `${file} holds no key.`);
    const isShared = (mode & 0o044) !== 0;
    return { keys, warning: isShared ? `${file} can be read by other users of this machine: chmod 600` : null };
  } catch (error) {
    if (error instanceof WorkerError) throw error;
    const what = readCode(error) === "ENOENT" ? "does not exist" : `cannot be read (${readCode(error) ?? "unknown"})`;
    throw new WorkerError("KEYS_INVALID", `${file} ${what}.`, { cause: error });
  }
}

import { WorkerError, toWorkerError } from "../../core/worker-error.ts";
import type { Logger } from "../logger.ts";
import { isLoopback } from "./check-request.ts";
import { createKeyRing } from "./key-ring.ts";
import type { KeyRing, ServerKey } from "./key-ring.ts";
import { readKeysFile } from "./read-keys.ts";

export interface KeySources {
  /** The address that is listened on. */
  readonly host: string;
  /** Of the environment. */
  readonly keys: readonly ServerKey[];
  readonly keysFile: string | undefined;
}

export interface OpenedKeys {
  readonly ring: KeyRing;
  /** Reads the file anew; one that is wrong changes nothing. Never rejects. */
  reload(): Promise<void>;
}

/** The keys of the environment and of the file. Throws KEYS_INVALID, and SERVER_KEYS_NEEDED where anybody could come in. */
export async function openKeys({ host, keys, keysFile }: KeySources, logger: Logger): Promise<OpenedKeys> {
  const read = async () => {
    if (keysFile === undefined) return keys;
    const file = await readKeysFile(keysFile);
    if (file.warning !== null) logger.warn(file.warning);
    return [...keys, ...file.keys];
  };
  const ring = createKeyRing(await read());
  if (ring.isOpen && !isLoopback(host)) {
    throw new WorkerError(
      "SERVER_KEYS_NEEDED",
      `Without keys the server listens to this machine only, not on ${host}.`,
    );
  }
  return {
    ring,
    async reload() {
      try {
        const next = await read();
        ring.replace(next);
        logger.info({ keys: next.length }, "keys read anew");
      } catch (error) {
        logger.error({ why: toWorkerError(error).message }, "the keys stay as they were");
      }
    },
  };
}

import { existsSync } from "node:fs";
import type { Engine } from "./engine.ts";
import { readEngineSecurity } from "./engine-security.ts";

/** What an engine does with the users and the files of this machine. */
export interface HostMapping {
  /** An id inside a container stands for another one outside: a rootless engine, or `userns-remap`. */
  readonly shiftsIds: boolean;
  /** SELinux: a container reads only what carries a label for containers. */
  readonly needsLabels: boolean;
}

/**
 * Asks the engine (10 to 20 ms: do it beside something else), but not for root, for whom the answer decides nothing: no
 * container runs as root, whatever id stands for which.
 * @throws WorkerError ENGINE_UNAVAILABLE, ENGINE_FAILED
 */
export async function readHostMapping(engine: Engine, callerUid: number, signal: AbortSignal): Promise<HostMapping> {
  const isLabelled = existsSync("/sys/fs/selinux/enforce");
  if (callerUid === 0) return { shiftsIds: false, needsLabels: isLabelled };
  const { rootless, userNamespaces, selinux } = await readEngineSecurity(engine.docker, signal);
  return { shiftsIds: rootless || userNamespaces, needsLabels: isLabelled || selinux };
}

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { readCode } from "./error-facts.ts";

/** Names one process beyond doubt: a pid alone is given out again. Null where the system does not tell (no /proc). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks from the start of the system to the start of the process. */
  readonly pidStartTime: string | null;
  /** /proc/sys/kernel/random/boot_id: changes with each start of the system. */
  readonly bootId: string | null;
  readonly host: string;
}

/** `elsewhere`: another host wrote it, nobody can tell from here. */
export type Liveness = "alive" | "gone" | "elsewhere";

export function readProcessIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, pidStartTime: readStat(pid)?.startTime ?? null, bootId: readBootId(), host: hostname() };
}

/**
 * Whether the process with this identity still runs. In doubt it does, so that nothing of a living run is removed. A
 * zombie has ended: where process 1 of a container buries nobody, it stays for good.
 */
export function readLiveness(identity: ProcessIdentity): Liveness {
  if (identity.host !== hostname()) return "elsewhere";
  const bootId = readBootId();
  if (identity.bootId !== null && bootId !== null && identity.bootId !== bootId) return "gone";
  if (!acceptsSignals(identity.pid)) return "gone";
  const stat = readStat(identity.pid);
  if (stat?.state === "Z") return "gone";
  if (identity.pidStartTime === null || stat === null) return "alive";
  return identity.pidStartTime === stat.startTime ? "alive" : "gone";
}

function acceptsSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return readCode(error) === "EPERM";
  }
}

function readStat(pid: number): { readonly state: string; readonly startTime: string } | null {
  const stat = readSystemFile(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // Field 2 is the program's name in parentheses and may hold spaces and parentheses itself; field 3 follows the last.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? null : { state, startTime };
}

function readBootId(): string | null {
  return readSystemFile("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

function readSystemFile(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

// Ends the agent CLI when told, and sees to it that nothing of it is left when its work is collected.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * TERM, then KILL after the grace. It has a process group of its own, so that both reach its children as well.
 * @param {number} pid
 * @param {number} graceMs
 */
export function stopAgent(pid, graceMs) {
  /** @param {NodeJS.Signals} signal */
  const signalGroup = (signal) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // gone already
    }
  };
  if (graceMs > 0) signalGroup("SIGTERM");
  setTimeout(() => signalGroup("SIGKILL"), graceMs).unref();
}

/** Kills every other process of the container and waits until they are gone. Never to be called outside one. */
export async function killEverythingElse() {
  // kill(-1) reaches all we may signal but us and process 1: on a host that would be everything.
  if (process.env.AGENT_WORKER_CONTAINER !== "1" || process.ppid !== 1) throw new Error("not in a container");
  for (let attempt = 0; attempt < 400; attempt += 1) {
    try {
      process.kill(-1, "SIGKILL");
    } catch {
      return; // ESRCH: nobody left
    }
    await delay(5);
  }
  throw new Error("processes of the agent cannot be ended");
}

/** How many processes of this container the kernel has killed for lack of memory (cgroup 2, then 1). */
export function readOutOfMemoryKills() {
  for (const file of ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"]) {
    try {
      const match = /^oom_kill (\d+)$/m.exec(readFileSync(file, "utf8"));
      if (match) return Number(match[1]);
    } catch {
      // the other cgroup version
    }
  }
  return 0;
}

// Starts the agent CLI, ends it when told, and sees to it that nothing of it is left when its work is collected.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * stdout and stderr are the container's own: the agent's output never passes through this program.
 * @param {{ command: string[], cwd: string, environment: Record<string, string>, prompt: Promise<Buffer> }} options
 */
export function startAgent({ command, cwd, environment, prompt }) {
  const [file = "", ...args] = command;
  // A process group of its own, so that TERM reaches its children as well.
  const child = spawn(file, args, { cwd, env: environment, stdio: ["pipe", "inherit", "inherit"], detached: true });
  child.stdin?.on("error", () => {});
  void prompt.then((bytes) => child.stdin?.end(bytes));
  /** @param {NodeJS.Signals} signal */
  const signalGroup = (signal) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // gone already
    }
  };
  /** @type {Promise<{ code: number | null, signal: string | null, error: string | null }>} */
  const exited = new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, signal: null, error: error.message }));
    child.on("exit", (code, signal) => resolve({ code, signal, error: null }));
  });
  return {
    exited,
    /** TERM, then KILL after the grace. @param {number} graceMs */
    stop: (graceMs) => {
      if (graceMs > 0) signalGroup("SIGTERM");
      setTimeout(() => signalGroup("SIGKILL"), graceMs).unref();
    },
  };
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

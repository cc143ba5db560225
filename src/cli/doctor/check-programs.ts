import type { Config } from "../../config/config.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import { runGit } from "../../git/run-git.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The oldest git the tests run with is newer; this one has `safe.directory` and what the workspace needs. */
const oldestGit = [2, 35] as const;

/** Also in package.json (`engines`) and bin/agent-worker.js. */
const oldestNode = [22, 19] as const;

export async function checkGit(config: Config, signal: AbortSignal): Promise<Finding> {
  try {
    const { stdout } = await runGit({ settings: config.git }, ["--version"], { signal, cwd: "/" });
    const version = /\d+\.\d+(\.\d+)*/.exec(stdout.toString())?.[0] ?? "of an unknown version";
    if (isAtLeast(version, oldestGit)) return ok("git", version);
    return warn("git", `${version} is older than ${oldestGit.join(".")}`, "sudo apt-get install git");
  } catch (error) {
    const { message, hint } = toWorkerError(error);
    return fail("git", message, hint);
  }
}

export function checkNode(version: string): Finding {
  if (isAtLeast(version, oldestNode)) return ok("node", version);
  return fail("node", `${version} is older than ${oldestNode.join(".")}`, "Install a newer one: https://nodejs.org");
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

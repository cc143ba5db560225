import { access, constants, lstat, realpath, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { maxRuntimeParentBytes } from "../util/socket-path.ts";
import type { MachineDefaults } from "./build-config.ts";
import type { Environment } from "./read-environment.ts";

/** $HOME, else what the user's account says. */
export function findHome(environment: Environment): string {
  const home = environment["HOME"];
  if (home !== undefined && isAbsolute(home)) return home;
  try {
    return userInfo().homedir;
  } catch {
    // No account for this uid, as in containers that run with any.
    return "/";
  }
}

export function findMachineDefaults(environment: Environment, home: string): MachineDefaults {
  const state = environment["XDG_STATE_HOME"];
  const stateHome = state !== undefined && isAbsolute(state) ? state : join(home, ".local/state");
  const temporary = environment["TMPDIR"] ?? "";
  return {
    stateDirectory: join(stateHome, "agent-worker"),
    runtimeDirectory: isAbsolute(temporary) && isShort(temporary) ? temporary : "/tmp",
    configDirectory: join(home, ".config/agent-worker"),
  };
}

/** $XDG_RUNTIME_DIR is often set where it does not exist (su, cron, containers). */
export async function isUsableRuntimeDirectory(directory: string): Promise<boolean> {
  if (!isShort(directory)) return false;
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    return (await stat(directory)).isDirectory();
  } catch {
    return false;
  }
}

/** The work tree that a directory is in: the nearest with a `.git` in it. undefined: none, or a bare repository. */
export async function findProjectDirectory(directory: string): Promise<string | undefined> {
  for (let current = directory; ; current = dirname(current)) {
    if (await exists(join(current, ".git"))) return current;
    if (current === dirname(current)) return undefined;
  }
}

/** Whether one of the trusted paths is this directory, symbolic links aside. */
export async function isTrustedDirectory(directory: string, trusted: readonly string[]): Promise<boolean> {
  if (trusted.length === 0) return false;
  const real = await toRealPath(directory);
  const others = await Promise.all(trusted.map(toRealPath));
  return others.includes(real);
}

function isShort(directory: string): boolean {
  return Buffer.byteLength(directory) <= maxRuntimeParentBytes;
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch {
    return false;
  }
}

async function toRealPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}

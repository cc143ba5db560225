import { accessSync, constants, lstatSync, realpathSync, statSync } from "node:fs";
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
export function isUsableRuntimeDirectory(directory: string): boolean {
  if (!isShort(directory)) return false;
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return statSync(directory).isDirectory();
  } catch {
    return false;
  }
}

/** The work tree that a directory is in: the nearest with a `.git` in it. undefined: none, or a bare repository. */
export function findProjectDirectory(directory: string): string | undefined {
  for (let current = directory; ; current = dirname(current)) {
    if (exists(join(current, ".git"))) return current;
    if (current === dirname(current)) return undefined;
  }
}

/** Whether one of the trusted paths is this directory, symbolic links aside. */
export function isTrustedDirectory(directory: string, trusted: readonly string[]): boolean {
  if (trusted.length === 0) return false;
  return trusted.map(toRealPath).includes(toRealPath(directory));
}

function isShort(directory: string): boolean {
  return Buffer.byteLength(directory) <= maxRuntimeParentBytes;
}

function exists(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

function toRealPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

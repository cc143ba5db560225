import { readdirSync, readlinkSync } from "node:fs";

/** The processes that work in a directory. */
export function listProcesses(directory: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && readWorkingDirectory(pid) === directory);
}

function readWorkingDirectory(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../../config/config.ts";
import { quoteForShell } from "../../util/printable.ts";
import { maxRuntimeParentBytes } from "../../util/socket-path.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const gigabyte = 1e9;
const tightBytes = 2 * gigabyte;
const tooLittleBytes = 0.2 * gigabyte;

/** The state directory: writable, or able to be made, and on a disk with room. */
export async function checkState({ directories }: Config): Promise<readonly Finding[]> {
  const existing = await findExisting(directories.state);
  const space = await checkFreeSpace(
    "disk",
    existing,
    `du -sh ${quoteForShell(directories.state)}; agent-worker runs clean`,
  );
  return [
    await checkWritable("state", { directory: directories.state, existing }),
    ...(space === undefined ? [] : [space]),
  ];
}

/** The parent of our sockets: writable and short enough. */
export async function checkRuntime({ directories }: Config): Promise<Finding> {
  const { runtime } = directories;
  const bytes = Buffer.byteLength(runtime);
  const remedy = "export XDG_RUNTIME_DIR=/run/user/$(id -u), or another short private directory";
  if (bytes > maxRuntimeParentBytes) {
    return fail("sockets", `${runtime} is too long for sockets (${bytes} bytes of ${maxRuntimeParentBytes})`, remedy);
  }
  const finding = await checkWritable("sockets", { directory: runtime, existing: runtime });
  return finding.status === "ok" ? finding : { ...finding, remedy };
}

/** undefined where the directory cannot be looked at. */
export async function checkFreeSpace(name: string, directory: string, remedy: string): Promise<Finding | undefined> {
  const facts = await statfs(directory).catch(() => undefined);
  if (facts === undefined) return undefined;
  const free = facts.bavail * facts.bsize;
  const text = `${(free / gigabyte).toFixed(1)} GB free at ${directory}`;
  if (free < tooLittleBytes) return fail(name, text, remedy);
  return free < tightBytes ? warn(name, text, remedy) : ok(name, text);
}

async function checkWritable(name: string, { directory, existing }: { directory: string; existing: string }) {
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    if (!(await stat(existing)).isDirectory()) throw new Error("not a directory");
    return ok(name, directory);
  } catch {
    const why = `${directory} cannot be ${existing === directory ? "written" : `made in ${existing}`}`;
    return fail(name, why, "export AGENT_WORKER_STATE_DIR=/a/directory/of/yours");
  }
}

async function findExisting(directory: string): Promise<string> {
  const found = await stat(directory).catch(() => undefined);
  return found !== undefined || directory === dirname(directory) ? directory : findExisting(dirname(directory));
}

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError, toWorkerError } from "../core/worker-error.ts";
import { allocationBytes, buildGitEnvironment } from "./git-environment.ts";
import { harmlessFaults } from "./harmless-faults.ts";
import { countObjects } from "./pack-index.ts";
import type { PackIndex } from "./pack-index.ts";
import type { Quarantine } from "./quarantine.ts";
import { runGit } from "./run-git.ts";

export interface ReceiveRequest {
  readonly pack: AsyncIterable<Uint8Array>;
  readonly limits: { readonly packBytes: number; readonly unpackedBytes: number };
}

/** A pack whose objects are sound each for itself. */
export interface ReceivedPack {
  readonly path: string;
  readonly sizeBytes: number;
  /** How many objects it has, with those that completed a thin pack. */
  readonly objects: number;
  readonly index: PackIndex;
}

/** What to do about work that is too large. */
export const commitLess =
  "Tell the agent in the task what not to commit (build output, data, dependencies), or list it in .gitignore.";

/** Indexes and checks a pack as it comes in. Throws IMPORT_REFUSED, IMPORT_TOO_LARGE, or what the stream threw. */
export async function receivePack(
  quarantine: Quarantine,
  { pack, limits }: ReceiveRequest,
  signal: AbortSignal,
): Promise<ReceivedPack> {
  const strict = `--strict=${harmlessFaults.map((id) => `${id}=ignore`).join(",")}`;
  const args = ["index-pack", "--stdin", "--fix-thin", strict, `--max-input-size=${limits.packBytes}`];
  const environment = {
    ...buildGitEnvironment(quarantine.settings, [["pack.threads", "1"]]),
    // A few bytes of delta may stand for gigabytes of memory.
    GIT_ALLOC_LIMIT: String(Math.min(limits.unpackedBytes, allocationBytes)),
  };
  const input = limitObjects(pack);
  const { stdout } = await runGit(quarantine, args, { signal, input, environment }).catch((error: unknown) => {
    throw signal.aborted ? error : toImportError(error, limits);
  });
  const name = stdout.toString("utf8").trim().split("\t").at(-1) ?? "";
  const path = join(quarantine.gitDirectory, "objects", "pack", `pack-${name}`);
  const index = { path: `${path}.idx`, idBytes: name.length / 2 };
  const [{ size }, objects] = await Promise.all([stat(`${path}.pack`), countObjects(index)]);
  return { path: `${path}.pack`, sizeBytes: size, objects, index };
}

/** Far more than an agent makes; git holds something of each in memory. */
const maxObjects = 1_000_000;
const headerBytes = 12;

/** Passes a pack on, unless its header announces too many objects; git itself refuses a pack that has others. */
async function* limitObjects(pack: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let header = Buffer.alloc(0);
  for await (const chunk of pack) {
    if (header.length < headerBytes) {
      header = Buffer.concat([header, chunk.subarray(0, headerBytes - header.length)]);
      if (header.length === headerBytes && header.toString("latin1", 0, 4) === "PACK") {
        requireFewObjects(header.readUInt32BE(8));
      }
    }
    yield chunk;
  }
}

function requireFewObjects(count: number): void {
  if (count <= maxObjects) return;
  throw new WorkerError("IMPORT_TOO_LARGE", `The agent's work is ${count} objects; ${maxObjects} are allowed.`, {
    hint: commitLess,
  });
}

function toImportError(error: unknown, { packBytes, unpackedBytes }: ReceiveRequest["limits"]): unknown {
  if (!(error instanceof WorkerError)) return error;
  const { code, message } = toWorkerError(error);
  if (code !== "GIT_FAILED") return error;
  if (message.includes("exceeds maximum allowed size")) {
    return new WorkerError("IMPORT_TOO_LARGE", `The agent's work is larger than ${packBytes} bytes packed.`, {
      hint: commitLess,
    });
  }
  if (/attempting to allocate|out of memory/i.test(message)) {
    const most = Math.min(unpackedBytes, allocationBytes);
    return new WorkerError("IMPORT_TOO_LARGE", `A file of the agent's is larger than ${most} bytes.`, {
      hint: commitLess,
    });
  }
  return new WorkerError("IMPORT_REFUSED", `git refused the agent's objects: ${message}`, {
    hint: "They could harm a checkout, or are damaged; nothing of them was kept. Run the task again.",
    cause: error,
  });
}

import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError, toWorkerError } from "../core/worker-error.ts";
import { buildGitEnvironment } from "./git-environment.ts";
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
  /** The ids of its objects, with those that completed a thin pack. */
  readonly ids: readonly string[];
}

/** Faults of old histories that harm nobody. Trees with `.git`, `..` and their like stay errors, as does all of `.gitmodules`. */
const harmless = [
  "badDate",
  "badDateOverflow",
  "badEmail",
  "badName",
  "badTimezone",
  "emptyName",
  "missingEmail",
  "missingNameBeforeEmail",
  "missingSpaceBeforeDate",
  "missingSpaceBeforeEmail",
  "multipleAuthors",
  "nulInCommit",
  "zeroPaddedDate",
  "zeroPaddedFilemode",
];

/** What to do about work that is too large. */
export const commitLess =
  "Tell the agent in the task what not to commit (build output, data, dependencies), or list it in .gitignore.";

/** Indexes and checks a pack as it comes in. Throws IMPORT_REFUSED, IMPORT_TOO_LARGE, or what the stream threw. */
export async function receivePack(
  quarantine: Quarantine,
  { pack, limits }: ReceiveRequest,
  signal: AbortSignal,
): Promise<ReceivedPack> {
  const strict = `--strict=${harmless.map((id) => `${id}=ignore`).join(",")}`;
  const args = ["index-pack", "--stdin", "--fix-thin", strict, `--max-input-size=${limits.packBytes}`];
  const environment = {
    ...buildGitEnvironment(quarantine.settings, [["pack.threads", "1"]]),
    // A few bytes of delta may stand for gigabytes of memory.
    GIT_ALLOC_LIMIT: String(limits.unpackedBytes),
  };
  const { stdout } = await runGit(quarantine, args, { signal, input: pack, environment }).catch((error: unknown) => {
    throw signal.aborted ? error : toImportError(error, limits);
  });
  const name = stdout.toString("utf8").trim().split("\t").at(-1) ?? "";
  const path = join(quarantine.gitDirectory, "objects", "pack", `pack-${name}`);
  const [{ size }, ids] = await Promise.all([stat(`${path}.pack`), readIndex(`${path}.idx`, name.length / 2)]);
  return { path: `${path}.pack`, sizeBytes: size, ids };
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
    return new WorkerError("IMPORT_TOO_LARGE", `A file of the agent's is larger than ${unpackedBytes} bytes.`, {
      hint: commitLess,
    });
  }
  return new WorkerError("IMPORT_REFUSED", `git refused the agent's objects: ${message}`, {
    hint: "They could harm a checkout, or are damaged; nothing of them was kept. Run the task again.",
    cause: error,
  });
}

/** The object ids of a version 2 pack index: header, 256 counters, then the sorted ids. */
async function readIndex(path: string, idBytes: number): Promise<readonly string[]> {
  await using file = await open(path);
  const header = Buffer.alloc(8 + 256 * 4);
  await file.read(header, 0, header.length, 0);
  const count = header.readUInt32BE(header.length - 4);
  const names = Buffer.alloc(count * idBytes);
  await file.read(names, 0, names.length, header.length);
  return Array.from({ length: count }, (_, at) => names.toString("hex", at * idBytes, (at + 1) * idBytes));
}

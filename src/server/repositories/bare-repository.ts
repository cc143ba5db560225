import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WorkerError } from "../../core/worker-error.ts";
import { harmlessFaults } from "../../git/harmless-faults.ts";
import { readCode, readMessage } from "../../util/error-facts.ts";

/** The largest push, in bytes. */
const maxPushBytes = 1024 ** 3;

/**
 * Makes a bare repository of the server's own where there is none. Laid out by hand: no template, no hook, and no process. It
 * appears at once with all its rules, so that nobody can push to it without them. Throws DISK_FULL, STATE_UNWRITABLE.
 */
export async function createBareRepository(directory: string, format: "sha1" | "sha256" = "sha1"): Promise<void> {
  const parent = dirname(directory);
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const halfMade = await mkdtemp(join(parent, ".new-"));
    try {
      await layOut(halfMade, format);
      await rename(halfMade, directory);
    } catch (error) {
      await rm(halfMade, { recursive: true, force: true });
      // Another request was quicker.
      if (readCode(error) !== "ENOTEMPTY" && readCode(error) !== "EEXIST") throw error;
    }
  } catch (error) {
    const code = readCode(error) === "ENOSPC" ? "DISK_FULL" : "STATE_UNWRITABLE";
    throw new WorkerError(code, `No repository can be made: ${readMessage(error)}`, { cause: error });
  }
}

async function layOut(directory: string, format: "sha1" | "sha256"): Promise<void> {
  await mkdir(join(directory, "objects", "info"), { recursive: true });
  await Promise.all([
    mkdir(join(directory, "objects", "pack")),
    mkdir(join(directory, "refs")),
    writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n"),
    writeFile(join(directory, "config"), buildConfiguration(format)),
  ]);
}

/**
 * What holds for every push and fetch, whoever runs git there. A push may write refs/inbox/* only, and a fetch sees refs/tasks/* only: a
 * hidden ref is neither shown nor may it be changed.
 */
function buildConfiguration(format: "sha1" | "sha256"): string {
  const lines = [
    "[core]",
    `repositoryformatversion = ${format === "sha1" ? 0 : 1}`,
    "bare = true",
    "hooksPath = /dev/null",
    "logAllRefUpdates = false",
    ...(format === "sha1" ? [] : ["[extensions]", "objectformat = sha256"]),
    "[gc]",
    "auto = 0",
    "[maintenance]",
    "auto = false",
    "[transfer]",
    "fsckObjects = true",
    "[http]",
    "receivepack = true",
    "uploadpack = true",
    "getanyfile = false",
    "[uploadpack]",
    "hideRefs = refs/",
    "hideRefs = !refs/tasks/",
    "[receive]",
    "hideRefs = refs/",
    "hideRefs = !refs/inbox/",
    "shallowUpdate = true",
    "denyDeletes = true",
    "denyNonFastForwards = true",
    "autogc = false",
    "updateServerInfo = false",
    `maxInputSize = ${maxPushBytes}`,
    ...buildFaults("receive"),
    ...buildFaults("fetch"),
  ];
  return `${lines.join("\n")}\n`;
}

/** Old histories have faults that harm nobody; all others stay errors. */
function buildFaults(side: "receive" | "fetch"): readonly string[] {
  return [`[${side} "fsck"]`, ...harmlessFaults.map((id) => `${id} = ignore`)];
}

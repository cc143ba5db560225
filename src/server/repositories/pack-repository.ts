import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "../../git/run-git.ts";
import type { GitPlace } from "../../git/run-git.ts";

/** More make every git slower that looks for an object. */
const mostPacks = 20;
/** Of the 256 directories of loose objects one is looked at, as git does itself: some two thousand objects. */
const mostLoose = 8;

/** The server's repositories in which pushes and tasks have left many files. */
export async function findScattered(dataDirectory: string): Promise<readonly string[]> {
  const root = join(dataDirectory, "repositories");
  const found: string[] = [];
  for (const owner of await list(root)) {
    for (const name of await list(join(root, owner))) {
      const directory = join(root, owner, name);
      if (name.endsWith(".git") && (await isScattered(directory))) found.push(directory);
    }
  }
  return found;
}

/**
 * Packs objects anew. None is dropped, named by a ref or not, so it may happen at any time: whoever reads a pack that is replaced finds
 * its objects in the new one. What is left of an interrupted one is found by sweepLeftovers.
 */
export async function packRepository(place: GitPlace, signal: AbortSignal): Promise<void> {
  await runGit(place, ["repack", "-d", "-l", "-q", "--geometric=2"], { signal });
}

async function isScattered(directory: string): Promise<boolean> {
  const objects = join(directory, "objects");
  const [packs, loose] = await Promise.all([list(join(objects, "pack")), list(join(objects, "17"))]);
  return packs.filter((name) => name.endsWith(".pack")).length > mostPacks || loose.length > mostLoose;
}

/** [] where there is no such directory. */
function list(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

import { randomBytes } from "node:crypto";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { WorkerError } from "../../core/worker-error.ts";
import { createQuarantine } from "../../git/quarantine.ts";
import { openRepository } from "../../git/repository.ts";
import type { Repository } from "../../git/repository.ts";
import { resolveBase } from "../../git/resolve-base.ts";
import { createBareRepository } from "./bare-repository.ts";
import type { RepositoriesSettings } from "./create-repositories.ts";
import { fetchRef } from "./fetch-ref.ts";
import type { Fetching } from "./fetch-ref.ts";
import type { RepositoryProblem } from "./repositories.ts";

/** null where the path lies below a workspace root now, whatever symbolic links it goes through. */
export async function checkPath(path: string, settings: RepositoriesSettings): Promise<RepositoryProblem | null> {
  try {
    await findBelowRoots([path], settings);
    return null;
  } catch {
    return { code: "REPOSITORY_REFUSED", pointer: "/repository/path", message: refusal };
  }
}

/**
 * Fetches the base of a directory below a workspace root and answers its id. Nothing runs in that repository but reading git, and
 * its own configuration has no say: the objects go through a repository of ours that borrows them. Throws REPOSITORY_REFUSED and
 * what is wrong with the repository or the revision.
 */
export async function fetchPath(
  { path, base }: { readonly path: string; readonly base: string },
  fetching: Fetching,
): Promise<string> {
  const { directory, settings, signal } = fetching;
  const [start = path] = await findBelowRoots([path], settings);
  const source = await openRepository(start, settings.git, signal);
  const places = [source.path, source.gitDirectory, source.commonDirectory, ...source.objectDirectories];
  // A `.git` file or an alternate may lead anywhere.
  const before = await findBelowRoots(places, settings);
  const { sha } = await resolveBase(source, base, signal);
  await createBareRepository(directory, source.objectFormat);
  await fetchObjects({ source, sha }, fetching);
  // What was read in between must have been what was checked.
  const after = await findBelowRoots([path, ...places], settings);
  if (after.join("\n") !== [start, ...before].join("\n")) throw buildRefusal();
  return sha;
}

async function fetchObjects(
  { source, sha }: { readonly source: Repository; readonly sha: string },
  fetching: Fetching,
): Promise<void> {
  const between = join(dirname(fetching.directory), `.fetch-${randomBytes(8).toString("hex")}`);
  try {
    createQuarantine(source, between);
    await mkdir(join(between, "refs", "heads"));
    await writeFile(join(between, "refs", "heads", "base"), `${sha}\n`);
    await fetchRef({ from: between, ref: "refs/heads/base", protocol: "file" }, fetching);
  } finally {
    await rm(between, { recursive: true, force: true });
  }
}

const refusal = "The path is not below a workspace root of this server.";

/** The real paths. Throws REPOSITORY_REFUSED where one of them is not below a root, or not there: nobody outside may learn which. */
async function findBelowRoots(
  paths: readonly string[],
  { workspaceRoots }: RepositoriesSettings,
): Promise<readonly string[]> {
  const roots = await Promise.all(workspaceRoots.map(resolve));
  const found = await Promise.all(paths.map(resolve));
  const isBelow = (path: string): boolean =>
    path !== "" && roots.some((root) => root !== "" && (path === root || path.startsWith(join(root, sep))));
  if (!found.every(isBelow)) throw buildRefusal();
  return found;
}

/** "" where there is nothing. */
function resolve(path: string): Promise<string> {
  return realpath(path).catch(() => "");
}

function buildRefusal(): WorkerError {
  return new WorkerError("REPOSITORY_REFUSED", refusal);
}

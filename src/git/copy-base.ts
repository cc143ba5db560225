import { readdirSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createQuarantine } from "./quarantine.ts";
import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

/** A copy of a base for a workspace that cannot read the repository itself. */
export interface BaseCopy {
  readonly objectDirectories: readonly string[];
  /** The commits at which the history there is cut. */
  readonly shallow: readonly string[];
}

/** The history that a copy holds; enough for an agent that looks at the last changes. */
const copiedCommits = 50;

/**
 * Copies a commit and the ones before it (at most 50, with all their files) into `directory`: for a container that cannot read
 * the repository's own object directories.
 */
export async function copyBase(
  repository: Repository,
  request: { readonly base: string; readonly directory: string },
  signal: AbortSignal,
): Promise<BaseCopy> {
  const shallow = await listCut(repository, request.base, signal);
  // Cut off in a repository of our own that borrows the user's objects: theirs stays as it is, and no server process is needed.
  const place = createQuarantine(repository, request.directory, shallow);
  const objects = join(request.directory, "objects");
  const args = ["pack-objects", "--revs", "--quiet", join(objects, "pack", "pack")];
  await runGit(place, args, { signal, input: `${request.base}\n` });
  await mkdir(join(objects, "info"), { recursive: true });
  await writeFile(join(objects, "info", "alternates"), "");
  return { objectDirectories: [objects], shallow };
}

/** The oldest commits that a copy holds although they have parents, and those at which the history is already cut. */
async function listCut(repository: Repository, base: string, signal: AbortSignal): Promise<readonly string[]> {
  const args = ["rev-list", "--parents", `--max-count=${copiedCommits}`, base];
  const { stdout } = await runGit(repository, args, { signal });
  const commits = stdout
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const copied = new Set(commits.map(([id]) => id));
  const cutAlready = new Set(repository.shallow);
  return commits.flatMap(([id = "", ...parents]) =>
    cutAlready.has(id) || parents.some((parent) => !copied.has(parent)) ? [id] : [],
  );
}

/**
 * Whether every user of this machine may read the objects, judged by the modes of the directories and packs. A
 * container with another user can only then share them.
 */
export function areObjectsReadable(repository: Repository): boolean {
  return repository.objectDirectories.every(isTreeReadable);
}

function isTreeReadable(directory: string): boolean {
  const names = readdirSync(directory);
  const packs = names.includes("pack") ? readdirSync(join(directory, "pack")) : [];
  const paths = [
    directory,
    ...names.map((name) => join(directory, name)),
    ...packs.map((name) => join(directory, "pack", name)),
  ];
  // Some hundred directories: asked one by one in this thread they take 1 ms, through the thread pool 9.
  const entries = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  return entries.every((entry) => entry === undefined || isOpen(entry.mode, entry.isDirectory()));
}

function isOpen(mode: number, isDirectory: boolean): boolean {
  const needed = isDirectory ? 0o005 : 0o004;
  return (mode & needed) === needed;
}

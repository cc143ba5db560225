import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { areObjectsReadable, copyBase } from "../../git/copy-base.ts";
import type { Repository } from "../../git/repository.ts";

/** Object directories for the container and where its history is cut. */
export interface ObjectSource {
  readonly kind: "shared" | "copied";
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  readonly count: number;
  readonly shallow: readonly string[];
}

interface ObjectRequest {
  readonly repository: Repository;
  readonly base: Promise<string>;
  /** The container runs as the caller. */
  readonly isCaller: boolean;
  /** What is mounted gets another label: that must not happen to files of the user's. */
  readonly relabel: boolean;
  /** Private, for copies. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Where the object directories are inside, named 0, 1, ... */
export const objectsRoot = "/opt/agent-worker/objects";

/**
 * The repository's own object directories, mounted read-only, cost nothing however long its history is. Where the
 * container's user could not read them, or a security module would have to relabel them, the newest 50 commits are copied.
 */
export async function prepareObjects(request: ObjectRequest): Promise<ObjectSource> {
  const { repository, base, directory, signal } = request;
  if (canShare(request)) {
    const mounts = await buildMounts(repository.objectDirectories, directory);
    return { kind: "shared", mounts, count: repository.objectDirectories.length, shallow: repository.shallow };
  }
  const copy = await copyBase(repository, { base: await base, directory: join(directory, "copy") }, signal);
  await Promise.all(copy.objectDirectories.map(openToAll));
  const mounts = await buildMounts(copy.objectDirectories, directory);
  return { kind: "copied", mounts, count: copy.objectDirectories.length, shallow: copy.shallow };
}

function canShare({ repository, isCaller, relabel }: ObjectRequest): boolean {
  if (relabel) return false;
  return isCaller || areObjectsReadable(repository);
}

/** The container's user may be another one; what is above stays private, so nobody else on this machine comes here. */
async function openToAll(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  await chmod(directory, 0o755);
  await Promise.all(
    entries.map((entry) => chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o444)),
  );
}

/** Borrowed directories are all listed already: their own lists, with paths of the host, are covered by an empty file. */
async function buildMounts(directories: readonly string[], scratch: string): Promise<ObjectSource["mounts"]> {
  const mounts = directories.map((source, index) => ({ source, target: `${objectsRoot}/${index}` }));
  const lists = mounts.filter(({ source }) => existsSync(join(source, "info/alternates")));
  if (lists.length === 0) return mounts;
  const empty = join(scratch, "empty");
  await mkdir(scratch, { recursive: true });
  await writeFile(empty, "");
  // Not by a mode at creation: that is subject to the caller's umask.
  await chmod(empty, 0o444);
  return [...mounts, ...lists.map(({ target }) => ({ source: empty, target: `${target}/info/alternates` }))];
}

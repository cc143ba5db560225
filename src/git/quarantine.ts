import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitSettings } from "./git-environment.ts";
import { formatAlternates } from "./object-directories.ts";
import type { Repository } from "./repository.ts";

/** A bare repository of our own that sees the user's objects and holds what is not yet trusted. */
export interface Quarantine {
  readonly settings: GitSettings;
  readonly gitDirectory: string;
}

/** Lays out a repository in `directory` by hand: `git init` would cost a process and copy templates. */
export async function createQuarantine(
  repository: Repository,
  directory: string,
  shallow: readonly string[] = repository.shallow,
): Promise<Quarantine> {
  await mkdir(join(directory, "objects", "info"), { recursive: true, mode: 0o700 });
  await Promise.all([
    mkdir(join(directory, "objects", "pack")),
    mkdir(join(directory, "refs")),
    writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n"),
    writeFile(join(directory, "config"), buildConfig(repository)),
    writeFile(join(directory, "objects", "info", "alternates"), formatAlternates(repository.objectDirectories)),
    shallow.length === 0 ? undefined : writeFile(join(directory, "shallow"), shallow.map((id) => `${id}\n`).join("")),
  ]);
  return { settings: repository.settings, gitDirectory: directory };
}

function buildConfig(repository: Repository): string {
  if (repository.objectFormat === "sha1") return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
  return "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n";
}

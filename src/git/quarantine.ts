import { mkdirSync } from "node:fs";
import type { GitSettings } from "./git-environment.ts";
import { layOutRepository } from "./lay-out-repository.ts";
import type { Repository } from "./repository.ts";

/** A bare repository of our own that sees the user's objects and holds what is not yet trusted. */
export interface Quarantine {
  readonly settings: GitSettings;
  readonly gitDirectory: string;
}

/** `directory`: in a private place; made where it is not there. */
export function createQuarantine(
  { objectFormat, objectDirectories, settings, shallow: cut }: Repository,
  directory: string,
  shallow: readonly string[] = cut,
): Quarantine {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  layOutRepository(directory, {
    objectFormat,
    core: ["bare = true"],
    head: { ref: "refs/heads/none", commit: null },
    borrowed: objectDirectories,
    shallow,
  });
  return { settings, gitDirectory: directory };
}

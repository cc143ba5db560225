import { createHash } from "node:crypto";
import type { GitConfiguration } from "../../git/git-environment.ts";
import { buildGitEnvironment } from "../../git/git-environment.ts";
import { runGit } from "../../git/run-git.ts";
import type { RepositoriesSettings } from "./create-repositories.ts";

/** Where to, and under which rules. */
export interface Fetching {
  /** The bare repository. */
  readonly directory: string;
  readonly settings: RepositoriesSettings;
  readonly signal: AbortSignal;
}

export interface FetchSource {
  /** A directory or a URL. */
  readonly from: string;
  /** A full name, or a commit id. */
  readonly ref: string;
  /** The only one that git may speak. */
  readonly protocol: "file" | "https" | "ssh";
  readonly configuration?: GitConfiguration;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Fetches one ref, checked, and answers the name it has here. Throws GIT_FAILED and the like. */
export async function fetchRef(source: FetchSource, { directory, settings, signal }: Fetching): Promise<string> {
  const name = createHash("sha256").update(source.ref).digest("hex").slice(0, 32);
  const kept = `refs/sources/${name}`;
  const args = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--update-shallow",
    source.from,
    `+${source.ref}:${kept}`,
  ];
  const environment = {
    ...buildGitEnvironment(settings.git, source.configuration),
    GIT_ALLOW_PROTOCOL: source.protocol,
    ...source.environment,
  };
  await runGit({ settings: settings.git, gitDirectory: directory }, args, { signal, environment });
  return kept;
}

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatAlternates } from "./object-directories.ts";
import type { Repository } from "./repository.ts";

export interface RepositoryLayout {
  readonly objectFormat: Repository["objectFormat"];
  /** Lines of `[core]`, then whole sections. */
  readonly core: readonly string[];
  readonly sections?: readonly string[];
  /** The branch that HEAD names, `refs/heads/...`, and where it stands; null: it is yet to be born. */
  readonly head: { readonly ref: string; readonly commit: string | null };
  /** Where its objects are, besides its own. */
  readonly borrowed: readonly string[];
  /** The commits at which its history is cut. */
  readonly shallow: readonly string[];
}

/**
 * Lays out a git directory by hand: `git init` would cost a process and copy templates. Everybody may read it, whatever the
 * umask is; what is above may be private. Without waiting: these are some tiny files.
 */
export function layOutRepository(directory: string, layout: RepositoryLayout): void {
  const { head, borrowed, shallow } = layout;
  for (const name of ["", "objects", "objects/info", "objects/pack", "info", "refs"]) {
    mkdirSync(join(directory, name), { recursive: true });
    chmodSync(join(directory, name), 0o755);
  }
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), 0o644);
  };
  write("HEAD", `ref: ${head.ref}\n`);
  write("config", buildConfig(layout));
  write("objects/info/alternates", formatAlternates(borrowed));
  if (head.commit !== null) write("packed-refs", `# pack-refs with: sorted \n${head.commit} ${head.ref}\n`);
  if (shallow.length > 0) write("shallow", shallow.map((id) => `${id}\n`).join(""));
}

function buildConfig({ objectFormat, core, sections = [] }: RepositoryLayout): string {
  const isSha1 = objectFormat === "sha1";
  const all = [
    "[core]",
    `\trepositoryformatversion = ${isSha1 ? 0 : 1}`,
    ...core.map((line) => `\t${line}`),
    ...(isSha1 ? [] : ["[extensions]\n\tobjectformat = sha256"]),
    ...sections,
  ];
  return all.map((line) => `${line}\n`).join("");
}

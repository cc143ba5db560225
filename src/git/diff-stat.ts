import type { DiffStat } from "../core/diff-stat.ts";
import { readNulFields } from "./nul-fields.ts";
import { parseNumstat } from "./parse-numstat.ts";
import type { Repository } from "./repository.ts";
import { runGit, streamGit } from "./run-git.ts";

/** Two commits, the older first. */
export interface CommitRange {
  readonly base: string;
  readonly head: string;
}

/** The files that a report lists. */
const maxFiles = 10_000;

/** Commit to commit, with no program of the user's. */
export const diffTree = [
  "diff-tree",
  "-r",
  "-z",
  "--no-abbrev",
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--ignore-submodules=none",
];

/** To count lines git needs up to 44 bytes for each: a few kilobytes of packed newlines would take the host's memory. */
const countedFiles = [["core.bigFileThreshold", "32m"]] as const;

/** Counts commits, files and lines from `base` to `head`. Renames and copies are found as `git diff -M -C` finds them; files of more than 32 MiB count as binary. */
export async function readDiffStat(repository: Repository, range: CommitRange, signal: AbortSignal): Promise<DiffStat> {
  const { base, head } = range;
  const args = [...diffTree, "-M", "-C", "-l1000", "--raw", "--numstat", base, head];
  const output = streamGit(repository, args, { signal, configuration: countedFiles });
  const [counted, stat] = await Promise.all([
    runGit(repository, ["rev-list", "--count", head, "--not", base], { signal }),
    parseNumstat(readNulFields(output), maxFiles),
  ]);
  return { commits: Number(counted.stdout.toString("utf8")), ...stat };
}

import type { DiffStat } from "../core/diff-stat.ts";
import type { Warning } from "../core/warning.ts";
import { diffTree } from "./diff-tree.ts";
import { openInspection } from "./inspect-changes.ts";
import { readNulFields } from "./nul-fields.ts";
import { parseNumstat } from "./parse-numstat.ts";
import type { Repository } from "./repository.ts";
import { runGit, streamGit } from "./run-git.ts";

/** Two commits, the older first. */
export interface CommitRange {
  readonly base: string;
  readonly head: string;
}

export interface Changes {
  readonly stats: DiffStat;
  /** What a reviewer should look at first. */
  readonly warnings: readonly Warning[];
}

/** The files that a report lists. */
const maxFiles = 10_000;

/** To count lines git needs up to 44 bytes for each: a few kilobytes of packed newlines would take the host's memory. */
const countedFiles = [["core.bigFileThreshold", "32m"]] as const;

/**
 * Counts commits, files and lines from `base` to `head`, and looks at what was changed; the changes are read once. Renames and
 * copies are found as `git diff -M -C` finds them; files of more than 32 MiB count as binary.
 */
export async function readChanges(repository: Repository, range: CommitRange, signal: AbortSignal): Promise<Changes> {
  const { base, head } = range;
  const inspection = openInspection(repository, head, signal);
  const args = [...diffTree, "-M", "-C", "-l1000", "--raw", "--numstat", base, head];
  const output = streamGit(repository, args, { signal, configuration: countedFiles });
  const [stat, counted] = await Promise.all([
    parseNumstat(readNulFields(output), { maxFiles, onChange: (change) => inspection.take(change) }),
    runGit(repository, ["rev-list", "--count", head, "--not", base], { signal }),
  ]);
  const stats = { commits: Number(counted.stdout.toString("utf8")), ...stat };
  return { stats, warnings: await inspection.conclude() };
}

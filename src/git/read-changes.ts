import type { DiffStat } from "../core/diff-stat.ts";
import type { Warning } from "../core/warning.ts";
import { WorkerError } from "../core/worker-error.ts";
import { diffTree } from "./diff-tree.ts";
import { openInspection } from "./inspect-changes.ts";
import { readNulFields } from "./nul-fields.ts";
import { parseNumstat } from "./parse-numstat.ts";
import type { NumstatOptions } from "./parse-numstat.ts";
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

/** Reads the changes of one run. Disposing ends gits that still wait. */
export interface ChangesReader extends AsyncDisposable {
  /** Gets git ready while there is no head yet. */
  begin(): void;
  /**
   * Counts commits, files and lines from `base` to `head`, and looks at what was changed; the changes are read once. Renames
   * and copies are found as `git diff -M -C` finds them; files of more than 32 MiB count as binary. To be called once.
   */
  read(range: CommitRange, signal: AbortSignal): Promise<Changes>;
}

export function createChangesReader(repository: Repository): ChangesReader {
  const asked = Promise.withResolvers<CommitRange>();
  asked.promise.catch(() => undefined);
  const ended = new AbortController();
  let reading: Promise<Changes> | undefined;
  const begin = (): Promise<Changes> => {
    reading ??= readChanges(repository, asked.promise, ended.signal);
    reading.catch(() => undefined);
    return reading;
  };
  return {
    begin: () => void begin(),
    async read(range, signal) {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => ended.abort(signal.reason), { once: true });
      asked.resolve(range);
      return await begin();
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new WorkerError("CANCELLED", "There are no changes to be read."));
      await reading?.catch(() => undefined);
    },
  };
}

async function readChanges(repository: Repository, asked: Promise<CommitRange>, signal: AbortSignal): Promise<Changes> {
  await using inspection = openInspection(repository, signal);
  // Both have ended before anything is thrown: no process is left.
  const [stat, commits] = await Promise.allSettled([
    readStat(repository, { asked, onChange: (change) => inspection.take(change) }, signal),
    countCommits(repository, asked, signal),
  ]);
  if (stat.status === "rejected") throw stat.reason;
  if (commits.status === "rejected") throw commits.reason;
  const { head } = await asked;
  return { stats: { commits: commits.value, ...stat.value }, warnings: await inspection.conclude(head) };
}

async function readStat(
  repository: Repository,
  { asked, onChange }: Pick<NumstatOptions, "onChange"> & { readonly asked: Promise<CommitRange> },
  signal: AbortSignal,
): Promise<Omit<DiffStat, "commits">> {
  const args = [...diffTree, "-M", "-C", "-l1000", "--raw", "--numstat", "--always", "--stdin"];
  const input = write(asked, ({ base, head }) => `${head} ${base}\n`);
  const output = streamGit(repository, args, { signal, input, configuration: countedFiles });
  return parseNumstat(skipHeader(readNulFields(output), asked), { maxFiles, onChange });
}

/** The id that was asked for, with --always even where nothing was changed: git says nothing of one that it cannot read. */
async function* skipHeader(fields: AsyncIterable<Buffer>, asked: Promise<CommitRange>): AsyncGenerator<Buffer> {
  let header: string | undefined;
  for await (const field of fields) {
    if (header === undefined) header = field.toString("latin1");
    else yield field;
  }
  const { head } = await asked;
  if (header !== head) throw new WorkerError("GIT_FAILED", `git diff-tree could not read the commit ${head}.`);
}

async function countCommits(repository: Repository, asked: Promise<CommitRange>, signal: AbortSignal): Promise<number> {
  const input = write(asked, ({ base, head }) => `${head}\n^${base}\n`);
  const { stdout } = await runGit(repository, ["rev-list", "--count", "--stdin"], { signal, input });
  return Number(stdout.toString("latin1"));
}

/** git is started meanwhile, and waits. */
async function* write(asked: Promise<CommitRange>, format: (range: CommitRange) => string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(format(await asked));
}

import type { DiffStat, FileStat } from "../core/diff-stat.ts";
import { decodePath } from "./nul-fields.ts";
import { isRawHeader, readRawChange } from "./parse-raw-diff.ts";
import type { RawChange } from "./parse-raw-diff.ts";

export interface NumstatOptions {
  readonly maxFiles: number;
  readonly onChange: (change: RawChange) => Promise<void>;
}

/**
 * Reads the output of `diff-tree -r -z --raw --numstat`: all raw entries, then in the same order all numstat entries,
 * `<insertions> TAB <deletions> TAB <path>`, or for moved files with an empty path and both paths following. Binary
 * files have "-" for numbers. Holds at most `maxFiles` files; the totals count all. `onChange` gets every raw entry.
 */
export async function parseNumstat(
  fields: AsyncIterable<Buffer>,
  { maxFiles, onChange }: NumstatOptions,
): Promise<Omit<DiffStat, "commits">> {
  const changes: RawChange[] = [];
  const files: FileStat[] = [];
  let filesChanged = 0;
  let insertions = 0;
  let deletions = 0;
  const iterator = fields[Symbol.asyncIterator]();
  const next = async (): Promise<Buffer> => {
    const { done, value } = await iterator.next();
    if (done === true) throw new Error("The output of git diff-tree ended in the middle of an entry.");
    return value;
  };
  for (let field = await iterator.next(); field.done !== true; field = await iterator.next()) {
    if (isRawHeader(field.value)) {
      const change = await readRawChange(field.value, next);
      if (changes.length < maxFiles) changes.push(change);
      await onChange(change);
      continue;
    }
    const lines = await readNumstat(field.value, next);
    const change = changes[filesChanged];
    filesChanged += 1;
    insertions += lines.insertions ?? 0;
    deletions += lines.deletions ?? 0;
    if (change !== undefined) files.push(buildFileStat(change, lines));
  }
  return { filesChanged, insertions, deletions, files, truncated: filesChanged > files.length };
}

interface ChangedLines {
  readonly insertions: number | null;
  readonly deletions: number | null;
}

async function readNumstat(field: Buffer, next: () => Promise<Buffer>): Promise<ChangedLines> {
  const firstTab = field.indexOf(9);
  const secondTab = field.indexOf(9, firstTab + 1);
  const isMoved = secondTab === field.length - 1;
  if (isMoved) {
    await next();
    await next();
  }
  return {
    insertions: parseCount(field.toString("latin1", 0, firstTab)),
    deletions: parseCount(field.toString("latin1", firstTab + 1, secondTab)),
  };
}

function parseCount(text: string): number | null {
  return text === "-" ? null : Number(text);
}

function buildFileStat(change: RawChange, { insertions, deletions }: ChangedLines): FileStat {
  return {
    ...decodePath(change.path),
    ...(change.from === undefined ? {} : { from: decodePath(change.from).path }),
    status: change.status,
    insertions,
    deletions,
    binary: insertions === null,
  };
}

import type { FileStat } from "../../src/core/diff-stat.ts";
import { runTestGit } from "./repository.ts";

const statuses: Readonly<Record<string, FileStat["status"]>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  R: "renamed",
  C: "copied",
  T: "typechange",
};

export interface IndependentFile {
  /** The bytes of the name, in base64. */
  readonly path: string;
  readonly status: FileStat["status"] | undefined;
}

/** The changed files by `git diff-tree --name-status`: another format than the product reads, and another reader. */
export function listChangedFiles(path: string, base: string, head: string): readonly IndependentFile[] {
  const output = runTestGit(path, ["diff-tree", "-r", "-z", "-M", "-C", "--name-status", base, head]);
  const fields = output.toString("latin1").split("\0").slice(0, -1);
  const files: IndependentFile[] = [];
  while (fields.length > 0) {
    const letter = fields.shift()?.[0] ?? "";
    if (letter === "R" || letter === "C") fields.shift();
    const name = Buffer.from(fields.shift() ?? "", "latin1").toString("base64");
    files.push({ path: name, status: statuses[letter] });
  }
  return files;
}

/** A report's files in the same form. */
export function toIndependent(files: readonly FileStat[]): readonly IndependentFile[] {
  return files.map(({ path, pathB64, status }) => ({
    path: pathB64 ?? Buffer.from(path).toString("base64"),
    status,
  }));
}

/** Lines added and removed, by `git diff --shortstat`. */
export function countLines(path: string, base: string, head: string): { insertions: number; deletions: number } {
  const text = runTestGit(path, [
    "diff",
    "--shortstat",
    "-M",
    "-C",
    "--no-ext-diff",
    "--no-textconv",
    base,
    head,
  ]).toString("utf8");
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
  return { insertions: count("insertion"), deletions: count("deletion") };
}

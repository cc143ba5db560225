import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "./product.ts";
import { runProcess } from "./run-process.ts";

const files = 50_000;
const commits = 5_000;
/** Files that a commit changes. */
const changes = 3;

/** A repository with 50,000 files and 5,000 commits; made once and kept below .cache. Its directory. */
export async function ensureLargeRepository(log: (text: string) => void): Promise<string> {
  const directory = join(cacheDirectory, "large-repository-1");
  if (existsSync(directory)) return directory;
  log(`making a repository with ${files} files and ${commits} commits in ${directory}`);
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await runProcess("git", ["init", "--quiet", "--initial-branch=main", unfinished]);
  await importHistory(unfinished);
  // The files are of no use here: no work tree of its own, HEAD is all that counts.
  await rename(unfinished, directory);
  return directory;
}

async function importHistory(directory: string): Promise<void> {
  const child = spawn("git", ["fast-import", "--quiet"], { cwd: directory, stdio: ["pipe", "ignore", "inherit"] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  for (const piece of buildHistory()) if (!child.stdin.write(piece)) await once(child.stdin, "drain");
  child.stdin.end();
  const code = await exited;
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}

/** The language of git fast-import: one commit with all files, then many with small changes. */
function* buildHistory(): Generator<string> {
  yield buildCommit(0);
  for (let index = 0; index < files; index += 1) yield buildFile(index, 0);
  for (let commit = 1; commit < commits; commit += 1) {
    yield buildCommit(commit);
    for (let change = 0; change < changes; change += 1)
      yield buildFile((commit * 7919 + change * 104_729) % files, commit);
  }
}

function buildCommit(number: number): string {
  const message = `Commit ${number}`;
  const who = `A Programmer <programmer@example.org> ${1_700_000_000 + number * 60} +0000`;
  return `commit refs/heads/main\ncommitter ${who}\ndata ${message.length}\n${message}\n`;
}

/** About 1 to 5 KB of something like a program, in directories of 50 files. */
function buildFile(index: number, version: number): string {
  const lines = Array.from(
    { length: 20 + (index % 80) },
    (_, line) => `const value${line} = compute(${index}, ${line}, ${line === 7 ? version : 0});\n`,
  );
  const text = lines.join("");
  const folder = Math.floor(index / 50);
  return `M 100644 inline src/part-${folder % 40}/folder-${folder}/file-${index}.ts\ndata ${text.length}\n${text}\n`;
}

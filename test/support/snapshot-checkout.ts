import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { runTestGit } from "./repository.ts";

/**
 * Everything of a checkout that a run must leave as it was, by path: every file of the work tree (content, mode, time of
 * change), and of the git directory all but objects, the refs under `refs/heads` and `refs/agent-worker`, and their logs. So:
 * HEAD, index, config, hooks, stash, tags, remotes, shallow, FETCH_HEAD, the log of HEAD. Compare two with `toEqual`.
 */
export function snapshotCheckout(path: string): Readonly<Record<string, string>> {
  const [gitDirectory = "", commonDirectory = ""] = runTestGit(path, [
    "rev-parse",
    "--path-format=absolute",
    "--git-dir",
    "--git-common-dir",
  ])
    .toString("utf8")
    .split("\n");
  const entries: Record<string, string> = {};
  for (const root of new Set([path, gitDirectory, commonDirectory])) {
    const isGit = root !== path || root === commonDirectory;
    for (const file of listFiles(root, (name) =>
      isGit ? isOurs(name) : name === ".git" && isDirectory(join(root, name)),
    ))
      entries[file] = describe(file);
  }
  return entries;
}

/** Paths of a git directory that a run may change. */
function isOurs(name: string): boolean {
  return /^(objects|logs\/refs\/heads|(logs\/)?refs\/agent-worker|refs\/heads|worktrees)(\/|$)/.test(name);
}

function listFiles(root: string, isLeftOut: (name: string) => boolean): readonly string[] {
  const found: string[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory)) {
      const path = join(directory, entry);
      if (isLeftOut(relative(root, path))) continue;
      if (isDirectory(path)) visit(path);
      else found.push(path);
    }
  };
  visit(root);
  return found;
}

function isDirectory(path: string): boolean {
  return lstatSync(path).isDirectory();
}

function describe(path: string): string {
  const { mode, mtimeMs, size } = lstatSync(path);
  const isLink = (mode & 0o170000) === 0o120000;
  const isFile = (mode & 0o170000) === 0o100000;
  const content = isLink ? Buffer.from(readlinkSync(path)) : isFile ? readFileSync(path) : Buffer.alloc(0);
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return `${mode.toString(8)} ${size} ${mtimeMs} ${digest}`;
}

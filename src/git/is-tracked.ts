import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { toWorkerError } from "../core/worker-error.ts";
import type { GitSettings } from "./git-environment.ts";
import { buildIndexEnvironment } from "./index-environment.ts";
import { runGit } from "./run-git.ts";

/**
 * Whether git tracks a file, in whatever case: then it comes from the repository. On macOS and Windows a committed `.ENV` is
 * what opening `.env` finds. Outside of repositories, and without git, none is. Where
 * git refuses to say, as in a repository of another user, it is taken for tracked, which trusts it less.
 */
export async function isTracked(file: string, settings: GitSettings, signal: AbortSignal): Promise<boolean> {
  if (isSurelyUntracked(file)) return false;
  // Listing the index runs nothing and refreshes nothing.
  const { GIT_LITERAL_PATHSPECS: _excludesOthers, ...environment } = buildIndexEnvironment(settings);
  const pathspecs = { GIT_ICASE_PATHSPECS: "1", GIT_NOGLOB_PATHSPECS: "1" };
  const options = { cwd: dirname(file), signal, accept: [0, 128], environment: { ...environment, ...pathspecs } };
  try {
    const { exitCode, stdout, stderr } = await runGit(
      { settings },
      ["ls-files", "-z", "--", `./${basename(file)}`],
      options,
    );
    return exitCode === 0 ? stdout.length > 0 : !stderr.includes("not a git repository");
  } catch (error) {
    signal.throwIfAborted();
    return toWorkerError(error).code !== "GIT_MISSING";
  }
}

/** Above this git reads an index as quickly. */
const maxIndexBytes = 4 * 1024 ** 2;

/**
 * Whether the index next to it shows that git tracks no file of such a name, in whatever folder and case: to start git takes longer than all
 * else that is loaded. False says nothing: git must be asked, as of an index that is not of the plain kind, and of what belongs to others.
 */
function isSurelyUntracked(file: string): boolean {
  try {
    const gitDirectory = findGitDirectory(realpathSync(dirname(file)));
    if (gitDirectory === undefined) return false;
    const names = readdirSync(gitDirectory);
    // Else git may look further up.
    if (!["HEAD", "objects", "refs"].every((name) => names.includes(name))) return false;
    if (!names.includes("index")) return true;
    // A split index: most names are in another file.
    if (names.some((name) => name.startsWith("sharedindex"))) return false;
    const index = join(gitDirectory, "index");
    const entry = lstatSync(index);
    return entry.isFile() && entry.size <= maxIndexBytes && lacksName(readFileSync(index), basename(file));
  } catch {
    return false;
  }
}

/** The nearest one above, if it and its work tree are the caller's. */
function findGitDirectory(start: string): string | undefined {
  for (let directory = start; ; directory = dirname(directory)) {
    const found = join(directory, ".git");
    const entry = lstatSync(found, { throwIfNoEntry: false });
    if (entry !== undefined) {
      const isOwn = [entry, lstatSync(directory)].every(({ uid }) => uid === process.geteuid?.());
      return entry.isDirectory() && isOwn ? found : undefined;
    }
    if (directory === dirname(directory)) return undefined;
  }
}

/** Versions 2 and 3 of the index have whole paths, each with a NUL at its end (gitformat-index); with `sdir` some entries are folders. */
function lacksName(index: Buffer, name: string): boolean {
  if (index.toString("latin1", 0, 4) !== "DIRC" || ![2, 3].includes(index.readUInt32BE(4))) return false;
  const text = index.toString("latin1").toLowerCase();
  const folded = Buffer.from(name).toString("latin1").toLowerCase();
  return !text.includes("sdir") && !text.includes(`${folded}\0`);
}

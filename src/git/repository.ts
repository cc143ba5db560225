import { realpathSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { quoteForShell } from "../util/printable.ts";
import { buildUserGitEnvironment, defaultIdentity } from "./git-environment.ts";
import type { GitConfiguration, GitIdentity, GitSettings } from "./git-environment.ts";
import { toGitError } from "./git-error.ts";
import type { GitFailure } from "./git-error.ts";
import { listObjectDirectories, readIfThere } from "./object-directories.ts";
import { runGit } from "./run-git.ts";
import type { GitResult } from "./run-git.ts";

/** What a run starts from: a commit, and the full name of the ref that stood there (null for a bare commit id). */
export interface Base {
  readonly ref: string | null;
  readonly sha: string;
}

/** A repository of the user's. All paths are absolute and free of symbolic links. */
export interface Repository {
  /** The top of the work tree; of a bare repository its directory. */
  readonly path: string;
  /** This work tree's own git directory. */
  readonly gitDirectory: string;
  /** What all its work trees share: objects, refs, config. */
  readonly commonDirectory: string;
  /** Where its objects are: its own directory first, then those it borrows from. */
  readonly objectDirectories: readonly string[];
  /** The commits at which its history is cut; [] where it is whole. */
  readonly shallow: readonly string[];
  readonly objectFormat: "sha1" | "sha256";
  readonly isBare: boolean;
  /** Where HEAD stood when this was asked; null: at no commit. */
  readonly head: Base | null;
  readonly identity: GitIdentity;
  readonly settings: GitSettings;
}

/**
 * Finds the repository that `directory` lies in: a checkout, a linked work tree, a bare repository, or a place inside
 * of a git directory. Throws NOT_A_REPOSITORY, REPOSITORY_EMPTY (no commit at all), REPOSITORY_OWNER, GIT_MISSING, GIT_FAILED.
 */
export async function openRepository(
  directory: string,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<Repository> {
  const start = resolveDirectory(directory);
  const found = await discover({ start, settings, signal });
  const { gitDirectory, commonDirectory } = found;
  const [path] = await Promise.all([
    found.top ?? (found.isBare ? gitDirectory : findWorkTree(found, { start, settings, signal })),
    found.head !== null ? undefined : requireCommit(found, { start, settings, signal }),
  ]);
  const shallow = found.isShallow ? readIfThere(join(commonDirectory, "shallow")) : "";
  return {
    path,
    gitDirectory,
    commonDirectory,
    objectDirectories: listObjectDirectories(join(commonDirectory, "objects")),
    shallow: shallow.split("\n").filter((line) => line !== ""),
    objectFormat: found.objectFormat,
    isBare: found.isBare,
    head: found.head,
    identity: settings.identity ?? defaultIdentity,
    settings,
  };
}

interface Search {
  readonly start: string;
  readonly settings: GitSettings;
  readonly signal: AbortSignal;
}

type Answer = GitResult & GitFailure;

interface Discovery {
  readonly isBare: boolean;
  readonly gitDirectory: string;
  readonly commonDirectory: string;
  readonly objectFormat: "sha1" | "sha256";
  readonly isShallow: boolean;
  /** Undefined outside of a work tree. */
  readonly top: string | undefined;
  readonly head: Base | null;
}

/** Without waiting: git should be at work before the caller goes on. */
function resolveDirectory(directory: string): string {
  const entry = statIfThere(directory);
  if (entry?.isDirectory()) return realpathSync.native(directory);
  const what = entry === undefined ? "There is no directory" : "This is no directory:";
  throw new WorkerError("NOT_A_REPOSITORY", `${what} ${resolve(directory)}`, {
    hint: "Name a directory of a git repository with --repo, or run agent-worker inside of one.",
  });
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** All facts with one process: starting git costs more than what it is asked here. */
const questions = [
  "rev-parse",
  "--path-format=absolute",
  "--is-bare-repository",
  "--git-dir",
  "--git-common-dir",
  "--show-object-format",
  "--is-shallow-repository",
  "--is-inside-work-tree",
  "--show-cdup",
  "HEAD^{commit}",
  "--symbolic-full-name",
  "HEAD",
];

async function discover(search: Search): Promise<Discovery> {
  const first = await ask(search, []);
  const isOwned = toGitError(first).code !== "REPOSITORY_OWNER";
  return parseDiscovery(search, isOwned ? first : await ask(search, await readSafeDirectories(search)));
}

async function ask({ start, settings, signal }: Search, configuration: GitConfiguration): Promise<Answer> {
  const result = await runGit({ settings }, questions, { signal, cwd: start, configuration, accept: [0, 128] });
  return { ...result, command: "rev-parse", killedBy: null };
}

function parseDiscovery(search: Search, answer: Answer): Discovery {
  const lines = answer.stdout.toString("utf8").split("\n");
  const [isBare, gitDirectory = "", commonDirectory = "", format, isShallow, isInside = "", cdup = ""] = lines;
  const isUnborn = answer.stderr.includes("ambiguous argument 'HEAD^{commit}'");
  if (answer.exitCode !== 0 && !isUnborn) throw toDiscoveryError(search, answer);
  return {
    isBare: isBare === "true",
    gitDirectory,
    commonDirectory,
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    isShallow: isShallow === "true",
    top: isInside === "true" ? resolve(search.start, cdup) : undefined,
    head: answer.exitCode === 0 ? readHead(lines) : null,
  };
}

/** Looked for: outside of a work tree some questions before have no answer, and where a branch or a tag is called HEAD the last one has none. */
function readHead(lines: readonly string[]): Base | null {
  const at = lines.findLastIndex((line) => /^[0-9a-f]{40,64}$/.test(line));
  const [sha, ref = ""] = lines.slice(at);
  if (at < 0 || sha === undefined) return null;
  return { ref: ref.startsWith("refs/") ? ref : null, sha };
}

function toDiscoveryError({ start }: Search, answer: Answer): WorkerError {
  if (!/not a git repository/i.test(answer.stderr)) return toGitError(answer);
  return new WorkerError("NOT_A_REPOSITORY", `${start} is not inside a git repository.`, {
    hint: `Make it one (git init ${quoteForShell(start)}), or name another with --repo.`,
    cause: answer.stderr.trim(),
  });
}

/** What the user has declared safe, in the only places where such a declaration counts. */
async function readSafeDirectories({ settings, signal }: Search): Promise<GitConfiguration> {
  const environment = buildUserGitEnvironment(settings);
  const scopes = ["--system", "--global"].map(async (scope) => {
    const args = ["config", scope, "--null", "--get-all", "safe.directory"];
    const { stdout } = await runGit({ settings }, args, { signal, cwd: "/", accept: [0, 1, 128], environment });
    return stdout.toString("utf8").split("\0").slice(0, -1);
  });
  return (await Promise.all(scopes)).flat().map((value) => ["safe.directory", value] as const);
}

/** The work tree that a git directory belongs to, asked from inside of that git directory. */
async function findWorkTree({ gitDirectory, commonDirectory }: Discovery, search: Search): Promise<string> {
  if (gitDirectory !== commonDirectory) {
    const pointer = readIfThere(join(gitDirectory, "gitdir"));
    return dirname(resolve(gitDirectory, pointer.trimEnd()));
  }
  const place = { settings: search.settings, gitDirectory };
  const args = ["config", "--null", "--get", "core.worktree"];
  const { stdout } = await runGit(place, args, { signal: search.signal, accept: [0, 1] });
  const configured = stdout.toString("utf8").replace("\0", "");
  return configured === "" ? dirname(gitDirectory) : resolve(gitDirectory, configured);
}

async function requireCommit({ gitDirectory }: Discovery, search: Search): Promise<void> {
  const place = { settings: search.settings, gitDirectory };
  const { stdout } = await runGit(place, ["for-each-ref", "--count=1"], { signal: search.signal });
  if (stdout.length > 0) return;
  throw new WorkerError("REPOSITORY_EMPTY", `The repository ${search.start} has no commit yet.`, {
    hint: "An agent starts from a commit: git commit --allow-empty -m 'first commit'",
  });
}

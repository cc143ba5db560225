import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WorkerError } from "../../core/worker-error.ts";
import { diffTree } from "../../git/diff-tree.ts";
import type { GitSettings } from "../../git/git-environment.ts";
import { runGit, streamGit } from "../../git/run-git.ts";
import type { GitPlace } from "../../git/run-git.ts";
import type { RepositoryRequest } from "../../protocol/task-request.ts";
import { createBareRepository } from "./bare-repository.ts";
import { checkPath, fetchPath } from "./fetch-path.ts";
import { checkUrl, fetchUrl } from "./fetch-url.ts";
import type { PreparedRepository, Repositories, RepositoryProblem } from "./repositories.ts";
import {
  beginAttempt,
  discardAttempt,
  dropRunRefs,
  dropTaskRefs,
  publishAttempt,
  retractResult,
  trimInbox,
} from "./task-refs.ts";
import { createTurns } from "./turns.ts";

export interface RepositoriesSettings {
  /** Repositories are below its `repositories`. */
  readonly dataDirectory: string;
  readonly git: GitSettings;
  readonly workspaceRoots: readonly string[];
  readonly urlHosts: readonly string[];
  /** PEM file that https is checked with; undefined: the system's. */
  readonly caBundle?: string | undefined;
  /** Lets a url lead to this machine or its network. Default: no. */
  readonly allowPrivateAddresses?: boolean;
}

/** Nothing is touched before it is needed. */
export function createRepositories(settings: RepositoriesSettings): Repositories {
  const locateKey = (owner: string, key: string): string =>
    join(settings.dataDirectory, "repositories", owner, `${key}.git`);
  const locate: Repositories["locate"] = (owner, request) => locateKey(owner, toRepositoryKey(request));
  const openPlace = (directory: string): GitPlace => ({ settings: settings.git, gitDirectory: directory });
  // Fetches into one repository would wait for the same locks.
  const fetches = createTurns(1);
  const diffs = createTurns(diffsOfOwner);
  const repositories: Repositories = {
    locate,
    async find(owner, key) {
      const directory = locateKey(owner, key);
      return (await isDirectory(directory)) ? directory : null;
    },
    async ensure(owner, key, signal) {
      const directory = locateKey(owner, key);
      signal.throwIfAborted();
      if (!(await isDirectory(directory))) await createBareRepository(directory);
      return directory;
    },
    hasCommit: (directory, sha, signal) => hasCommit(openPlace(directory), sha, signal),
    async check(owner, request, signal) {
      if ("url" in request) return checkUrl(request.url, settings);
      if ("path" in request) return checkPath(request.path, settings);
      const directory = await repositories.find(owner, request.key);
      const isHere = directory !== null && (await repositories.hasCommit(directory, request.base, signal));
      return isHere ? null : missingBase;
    },
    async prepare(owner, request, signal): Promise<PreparedRepository> {
      const directory = locate(owner, request);
      // The base of a key was there when the task was taken; whoever begins an attempt is told if it is not any more.
      if ("key" in request) return { directory, base: request.base };
      const fetching = { directory, settings, signal };
      const fetchBase = () => ("url" in request ? fetchUrl(request, fetching) : fetchPath(request, fetching));
      return { directory, base: await fetches.run(directory, fetchBase) };
    },
    async *diff(directory, range, signal) {
      const leave = await diffs.take(dirname(directory));
      try {
        yield* readPatch(openPlace(directory), range, signal);
      } finally {
        leave();
      }
    },
    ...createRefMethods(openPlace),
  };
  return repositories;
}

type RefMethods = Pick<Repositories, "begin" | "publish" | "retract" | "discard" | "dropRun" | "unpublish">;

function createRefMethods(openPlace: (directory: string) => GitPlace): RefMethods {
  return {
    begin: (directory, attempt) => beginAttempt(openPlace(directory), attempt),
    publish: (directory, attempt, commit) => publishAttempt(openPlace(directory), attempt, commit),
    retract: (directory, taskId, commit) => retractResult(openPlace(directory), taskId, commit),
    async discard(directory, attempt) {
      await discardAttempt(openPlace(directory), attempt);
      await trimInbox(openPlace(directory));
    },
    async dropRun(directory, run) {
      if (await isDirectory(directory)) await dropRunRefs(openPlace(directory), run);
    },
    async unpublish(directory, taskId) {
      if (await isDirectory(directory)) await dropTaskRefs(openPlace(directory), taskId);
    },
  };
}

/**
 * The key under which a repository can be fetched: its own, or for what the server fetched itself a name made of where it came
 * from (`url-<32 hex>`, `path-<32 hex>`).
 */
export function toRepositoryKey(request: RepositoryRequest): string {
  if ("key" in request) return request.key;
  const [kind, source] = "url" in request ? ["url", request.url] : ["path", request.path];
  return `${kind}-${createHash("sha256").update(source).digest("hex").slice(0, 32)}`;
}

const missingBase: RepositoryProblem = {
  code: "BASE_MISSING",
  pointer: "/repository/base",
  message: "This commit was not pushed to this repository of the server yet.",
};

async function hasCommit(place: GitPlace, sha: string, signal: AbortSignal): Promise<boolean> {
  const { exitCode } = await runGit(place, ["cat-file", "-e", `${sha}^{commit}`], { signal, accept: [0, 1, 128] });
  return exitCode === 0;
}

/** What was pushed can keep a diff at work for long: so many at once for one owner, who could take all processors otherwise. */
const diffsOfOwner = 2;

/** Files of more than 32 MiB are named, not compared: to count their lines would take the server's memory. */
const comparedFiles = [["core.bigFileThreshold", "32m"]] as const;

const patch = [...diffTree.filter((argument) => argument !== "-z"), "-M", "-p"];

function readPatch(
  place: GitPlace,
  { base, head }: { readonly base: string; readonly head: string },
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  return streamGit(place, [...patch, base, head], { signal, configuration: comparedFiles });
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory())
    throw new WorkerError("STATE_UNWRITABLE", "A repository is no directory.");
  return found !== undefined;
}

import type { RepositoryRequest } from "../../protocol/task-request.ts";

/** A repository of the server's own, ready for a task. */
export interface PreparedRepository {
  /** The bare repository. */
  readonly directory: string;
  /** The commit to start from; it is in the repository. */
  readonly base: string;
}

/** The server's bare repositories: `<data directory>/repositories/<owner>/<key>.git`, one space of keys per owner. */
export interface Repositories {
  /** null where the owner has none of this name. Owner and key are checked by pattern before. */
  find(owner: string, key: string): Promise<string | null>;
  /** The same, made where it is missing. Throws DISK_FULL, GIT_FAILED. */
  ensure(owner: string, key: string, signal: AbortSignal): Promise<string>;
  /** Where the repository of a request is or will be; the same for equal requests of one owner. */
  locate(owner: string, request: RepositoryRequest): string;
  hasCommit(directory: string, sha: string, signal: AbortSignal): Promise<boolean>;
  /**
   * What can be said before a task is taken: a key's base is there, a url's host is allowed, a path lies below a workspace root.
   * Answers the problem's code, or null where nothing is wrong.
   */
  check(owner: string, request: RepositoryRequest, signal: AbortSignal): Promise<RepositoryProblem | null>;
  /** Fetches what is missing (url, path) and resolves the base. Throws a WorkerError. */
  prepare(owner: string, request: RepositoryRequest, signal: AbortSignal): Promise<PreparedRepository>;
  /**
   * Before an attempt starts: keeps its base, and takes the right to publish from every attempt before it, with what they had
   * published. Throws BASE_NOT_FOUND where the base is not here, and AttemptOverError where a later attempt has begun.
   */
  begin(directory: string, attempt: AttemptRefs): Promise<void>;
  /**
   * Makes `commit` fetchable as refs/tasks/<id> before anybody is told of it, and takes away what the run left otherwise, in one
   * transaction. Throws AttemptOverError, and changes nothing, where a later attempt has begun.
   */
  publish(directory: string, attempt: AttemptRefs, commit: string): Promise<void>;
  /** Takes a result away again that turned out not to count; another attempt's stays. */
  retract(directory: string, taskId: string, commit: string): Promise<void>;
  /** Takes away what an attempt left in refs, but the result of another: of one that has ended without a result, or is over. */
  discard(directory: string, attempt: Omit<AttemptRefs, "base">): Promise<void>;
  /** Takes away what the run of an attempt left that was lost. */
  dropRun(directory: string, run: Pick<AttemptRefs, "runId" | "branch">): Promise<void>;
  /** Commit to commit, as a patch for people; without a program of anybody's. */
  diff(
    directory: string,
    range: { readonly base: string; readonly head: string },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Of a task that is deleted. */
  unpublish(directory: string, taskId: string): Promise<void>;
}

/** What an attempt has in a repository. The fence stands in a ref of its own, so that git itself refuses an attempt that is over. */
export interface AttemptRefs {
  readonly taskId: string;
  readonly fence: number;
  readonly runId: string;
  readonly base: string;
  /** The run's own branch, without refs/heads/; null: it has none. */
  readonly branch: string | null;
}

/** A later attempt of the task has begun: what this one did counts no more. */
export class AttemptOverError extends Error {
  override readonly name = "AttemptOverError";
}

export interface RepositoryProblem {
  readonly code: "BASE_MISSING" | "REPOSITORY_REFUSED";
  readonly pointer: string;
  readonly message: string;
}

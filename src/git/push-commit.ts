import { WorkerError } from "../core/worker-error.ts";
import { createQuarantine } from "./quarantine.ts";
import { buildRemoteEnvironment, toRemoteError } from "./remote-repository.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

export interface CommitPush {
  readonly remote: RemoteRepository;
  readonly commit: string;
  /** The only ref that is written there. */
  readonly ref: string;
  /** A private directory, not yet there; the caller removes it. */
  readonly directory: string;
}

/**
 * Brings a commit with its history to a task server; git sends only what is missing there. Works in a bare repository of our own that
 * borrows the user's objects: neither their configuration nor their hooks have a say, and nothing of theirs is touched.
 * Throws REPOSITORY_PARTIAL, SERVER_KEY, SERVER_UNREACHABLE, SERVER_BUSY, SERVER_REDIRECT, SERVER_REFUSED.
 */
export async function pushCommit(repository: Repository, push: CommitPush, signal: AbortSignal): Promise<void> {
  const { remote, commit, ref, directory } = push;
  const place = createQuarantine(repository, directory);
  const environment = buildRemoteEnvironment(repository.settings, remote, [["push.negotiate", "false"]]);
  const args = ["push", "--quiet", "--no-verify", "--no-recurse-submodules", remote.url, `${commit}:${ref}`];
  try {
    await runGit(place, args, { signal, environment });
  } catch (error) {
    throw isPartial(error) ? toPartialError(repository, error) : toRemoteError(error, remote);
  }
}

function isPartial(error: unknown): boolean {
  if (!(error instanceof WorkerError) || error.code !== "GIT_FAILED") return false;
  return /fatal: (?:bad object|missing|unable to read|bad tree object)|could not fetch .* from promisor/i.test(
    error.message,
  );
}

function toPartialError({ path }: Repository, cause: unknown): WorkerError {
  const message = `Objects are missing in ${path}, so its history cannot be sent to the server.`;
  return new WorkerError("REPOSITORY_PARTIAL", message, { cause });
}

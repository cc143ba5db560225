import { WorkerError } from "../core/worker-error.ts";
import { isDiskFull } from "../util/error-facts.ts";
import { quoteForShell } from "../util/printable.ts";

/** How a git process ended that should not have ended so. */
export interface GitFailure {
  /** The subcommand: `update-ref`. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly killedBy: string | null;
  /** The tail of what it said. */
  readonly stderr: string;
}

/** Classifies a failed git process, once for the whole layer. */
export function toGitError(failure: GitFailure): WorkerError {
  const { stderr } = failure;
  const lock = /Unable to create '(.+\.lock)': File exists/i.exec(stderr)?.[1];
  if (lock !== undefined) {
    return new WorkerError("GIT_LOCKED", `Another git process holds ${lock}.`, {
      hint: `Wait until it has ended. If no git is running, it was left behind by a crash: rm ${quoteForShell(lock)}`,
    });
  }
  if (isDiskFull(stderr)) {
    return new WorkerError("DISK_FULL", `git ${failure.command} found no space on the disk: ${cutTail(stderr)}`, {
      hint: "Free some space (df -h shows where) and run the same command again.",
    });
  }
  const owned = /detected dubious ownership in repository at '(.+)'/.exec(stderr)?.[1];
  if (owned !== undefined || /unsafe repository/i.test(stderr)) return toOwnerError(owned);
  const ending = failure.killedBy === null ? `exit code ${failure.exitCode}` : `signal ${failure.killedBy}`;
  return new WorkerError("GIT_FAILED", `git ${failure.command} failed (${ending}): ${cutTail(stderr)}`, {
    hint: "git itself refused; its words are above. `git fsck` in the repository shows whether it is sound.",
  });
}

/** Where the caller's time limit (AbortSignal.timeout) ended git. */
export function toTimeoutError(command: string, cause: unknown): WorkerError {
  return new WorkerError("GIT_FAILED", `git ${command} did not end in time.`, {
    hint: "The disk may be slow or hang: try the same command again when the machine is less busy.",
    cause,
  });
}

export function toMissingGitError(path: string, cause: unknown): WorkerError {
  return new WorkerError("GIT_MISSING", `git was not found in PATH (${path}).`, {
    hint: "Install it: `apt-get install git`, `dnf install git`, or `xcode-select --install` on a Mac.",
    cause,
  });
}

function toOwnerError(path: string | undefined): WorkerError {
  const where = path ?? "<directory>";
  return new WorkerError("REPOSITORY_OWNER", `The repository ${where} belongs to another user.`, {
    hint: `If you trust it: git config --global --add safe.directory ${quoteForShell(where)}`,
  });
}

function cutTail(stderr: string): string {
  const lines = stderr.trim().split("\n").slice(-5);
  return lines.join("\n") || "it said nothing";
}

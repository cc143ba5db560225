import { basename, dirname } from "node:path";
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

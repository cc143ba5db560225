import { basename, dirname } from "node:path";
import { toWorkerError } from "../core/worker-error.ts";
import { buildGitEnvironment } from "../git/git-environment.ts";
import { runGit } from "../git/run-git.ts";

export interface TrackingSettings {
  readonly path: string;
  readonly home: string;
  readonly signal: AbortSignal;
}

/**
 * Whether git tracks a file: then it comes from the repository. Outside of repositories, and without git, none is. Where
 * git refuses to say, as in a repository of another user, it is taken for tracked, which trusts it less.
 */
export async function isTracked(file: string, { path, home, signal }: TrackingSettings): Promise<boolean> {
  const settings = { path, home };
  // The index is hidden from git elsewhere; here it is what counts. Listing it runs nothing and refreshes nothing.
  const { GIT_INDEX_FILE: _hidden, ...environment } = buildGitEnvironment(settings);
  const options = { cwd: dirname(file), signal, accept: [0, 128], environment };
  try {
    const { exitCode, stdout, stderr } = await runGit({ settings }, ["ls-files", "-z", "--", basename(file)], options);
    return exitCode === 0 ? stdout.length > 0 : !stderr.includes("not a git repository");
  } catch (error) {
    signal.throwIfAborted();
    return toWorkerError(error).code !== "GIT_MISSING";
  }
}

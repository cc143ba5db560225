import { basename, dirname } from "node:path";
import { toWorkerError } from "../core/worker-error.ts";
import { runGit } from "../git/run-git.ts";

/** Whether git tracks a file: then it comes from the repository. Outside of repositories, and without git, none is. */
export async function isTracked(
  file: string,
  { path, home, signal }: { path: string; home: string; signal: AbortSignal },
): Promise<boolean> {
  const options = { cwd: dirname(file), signal, accept: [0, 128] };
  try {
    const { stdout } = await runGit({ settings: { path, home } }, ["ls-files", "-z", "--", basename(file)], options);
    return stdout.length > 0;
  } catch (error) {
    signal.throwIfAborted();
    // git refuses to look into a repository that belongs to another user: all the more reason not to trust it.
    return toWorkerError(error).code === "REPOSITORY_OWNER";
  }
}

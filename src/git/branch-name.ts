import { WorkerError } from "../core/worker-error.ts";
import { runGit } from "./run-git.ts";
import type { GitPlace } from "./run-git.ts";

/** Names that are valid beyond doubt, as most are: they need no process. */
const plain = /^[A-Za-z0-9][A-Za-z0-9_-]*(?:\/[A-Za-z0-9][A-Za-z0-9_-]*)*$/;

/** Throws BRANCH_NAME where git would not take the name, or a person could not use it afterwards. */
export async function checkBranchName(place: GitPlace, name: string, signal: AbortSignal): Promise<void> {
  const fault = findFault(name);
  if (fault !== undefined) throw toNameError(name, fault);
  if (plain.test(name)) return;
  const args = ["check-ref-format", `refs/heads/${name}`];
  const { exitCode } = await runGit(place, args, { signal, accept: [0, 1] });
  if (exitCode !== 0) throw toNameError(name, "git does not allow it");
}

/** What `check-ref-format` lets pass and `git branch` or `git switch` then stumble over. */
function findFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.startsWith("-")) return 'it begins with "-" and would be read as an option';
  if (name === "@" || name === "HEAD") return "it means the current commit";
  if (name.startsWith("refs/")) return 'it begins with "refs/"; give the name alone';
  if (name.includes("\0")) return "it contains NUL";
  // A file of that name, with ".lock" added, must fit into a directory.
  if (name.split("/").some((part) => Buffer.byteLength(part) > 240)) return "it is too long";
  return undefined;
}

function toNameError(name: string, fault: string): WorkerError {
  return new WorkerError("BRANCH_NAME", `'${name}' cannot be the name of a branch: ${fault}.`, {
    hint: "Letters, digits, '-', '_', '.' and '/' are safe: --branch agent/fix-login",
  });
}

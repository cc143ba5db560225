import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { quoteForShell } from "../util/printable.ts";
import { suggestAll } from "../util/suggest.ts";
import type { Base, Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

/**
 * Resolves a revision once, to a commit whose files are all here. Throws BASE_NOT_FOUND, and REPOSITORY_PARTIAL for
 * a partial clone that lacks files of that commit.
 */
export async function resolveBase(repository: Repository, revision: string, signal: AbortSignal): Promise<Base> {
  if (revision === "HEAD" && repository.head !== null) {
    await requireFiles(repository, repository.head.sha, signal);
    return repository.head;
  }
  // No revision begins with "-"; a branch that does is still reached as refs/heads/-x.
  if (revision === "" || revision.startsWith("-")) throw await toNotFound(repository, revision, signal);
  // `:/text` takes all that follows as text to search for; what it finds is a commit already.
  const peeled = revision.startsWith(":/") ? revision : `${revision}^{commit}`;
  const answer = await ask(repository, ["rev-parse", peeled, "--symbolic-full-name", revision], signal);
  const [sha = "", ref = "", ...more] = answer.split("\n");
  // A range gives several lines, and one of them begins with "^".
  if (!/^[0-9a-f]+$/.test(sha) || more.length > 0) throw await toNotFound(repository, revision, signal);
  await requireFiles(repository, sha, signal);
  return { ref: ref.startsWith("refs/") ? ref : null, sha };
}

async function ask(repository: Repository, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { stdout, exitCode } = await runGit(repository, args, { signal, accept: [0, 128] });
  return exitCode === 0 ? stdout.toString("utf8").trim() : "";
}

async function toNotFound(repository: Repository, revision: string, signal: AbortSignal): Promise<WorkerError> {
  const message = `There is no commit '${revision}' in ${repository.path}.`;
  return new WorkerError("BASE_NOT_FOUND", message, { hint: await buildHint(repository, revision, signal) });
}

async function buildHint(repository: Repository, revision: string, signal: AbortSignal): Promise<string> {
  const args = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"];
  const names = (await ask(repository, args, signal)).split("\n").filter((name) => name !== "");
  const near = suggestAll(revision, names);
  if (near.length > 0) return `Did you mean ${near.join(" or ")}?`;
  if (repository.shallow.length > 0) {
    return "This clone is shallow and may lack it: git fetch --unshallow";
  }
  return "git branch --all and git log show what there is; git fetch gets what is new.";
}

async function requireFiles(repository: Repository, sha: string, signal: AbortSignal): Promise<void> {
  if (!isPartial(repository)) return;
  const args = ["rev-list", "--objects", "--no-walk", "--missing=print", sha];
  const { stdout } = await runGit(repository, args, { signal });
  const missing = stdout.toString("latin1").match(/^\?/gm)?.length ?? 0;
  if (missing === 0) return;
  throw new WorkerError("REPOSITORY_PARTIAL", `This partial clone lacks ${missing} objects of commit ${sha}.`, {
    hint: `Fetch them: git -C ${quoteForShell(repository.path)} archive ${sha} > /dev/null, or take a full clone.`,
  });
}

/** A pack fetched by a partial clone has a `.promisor` file beside it. */
function isPartial({ objectDirectories }: Repository): boolean {
  return objectDirectories.some((directory) => {
    const packs = join(directory, "pack");
    return existsSync(packs) && readdirSync(packs).some((name) => name.endsWith(".promisor"));
  });
}

import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

/** What stands around the name of a branch. All names without `refs/heads/`. */
export interface BranchState {
  /** The branch itself, those under and above it in the hierarchy and its `-<n>` siblings, with their commits. */
  readonly branches: ReadonlyMap<string, string>;
  /** For each folder of those names one branch in it. */
  readonly parents: ReadonlyMap<string, string>;
  /** Branches some work tree stands on, or is about to return to after a rebase, with the place. */
  readonly checkedOut: ReadonlyMap<string, string>;
}

export async function readBranchState(repository: Repository, name: string, signal: AbortSignal): Promise<BranchState> {
  // The one that takes git longer first.
  const [checkedOut, branches] = await Promise.all([
    readCheckedOut(repository, signal),
    readBranches(repository, name, signal),
  ]);
  const parents = new Map<string, string>();
  for (const branch of branches.keys()) {
    const parts = branch.split("/");
    for (const index of parts.keys()) if (index > 0) parents.set(parts.slice(0, index).join("/"), branch);
  }
  return { branches, parents, checkedOut };
}

/** The branches that some work tree stands on, with its path. */
export async function readCheckedOut(
  repository: Repository,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const [listed, rebased] = await Promise.all([
    // Without -z, which git before 2.36 lacks: a line break in a path can only make this more careful.
    runGit(repository, ["worktree", "list", "--porcelain"], { signal }),
    readRebased(repository),
  ]);
  const found = new Map(rebased);
  let place = repository.path;
  for (const line of listed.stdout.toString("utf8").split("\n")) {
    if (line.startsWith("worktree ")) place = line.slice("worktree ".length);
    if (line.startsWith("branch ")) found.set(toName(line.slice("branch ".length)), place);
  }
  return found;
}

async function readBranches(
  repository: Repository,
  name: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const parts = name.split("/");
  const above = parts.map((_, index) => `refs/heads/${parts.slice(0, index + 1).join("/")}`);
  // A name with a pattern's letters is no branch name; it is refused elsewhere.
  const patterns = /[*?[\]\\\0]/.test(name) ? ["refs/heads/"] : [...above, `refs/heads/${name}-*`];
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...patterns];
  const { stdout } = await runGit(repository, args, { signal });
  const lines = stdout.toString("utf8").split("\n").slice(0, -1);
  return new Map(lines.map((line) => [toName(line.slice(line.indexOf(" ") + 1)), line.slice(0, line.indexOf(" "))]));
}

/** A rebase detaches HEAD and moves its branch at the end; it must not be moved in between. */
async function readRebased(repository: Repository): Promise<ReadonlyMap<string, string>> {
  const folder = join(repository.commonDirectory, "worktrees");
  const linked = await readdir(folder).catch(() => []);
  const directories = [repository.commonDirectory, ...linked.map((name) => join(folder, name))];
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const file of ["rebase-merge/head-name", "rebase-apply/head-name"]) {
      const text = await readFile(join(directory, file), "utf8").catch(() => "");
      const place = directory === repository.commonDirectory ? repository.path : basename(directory);
      if (text.startsWith("refs/heads/")) found.set(toName(text.trim()), `${place} (in a rebase)`);
    }
  }
  return found;
}

function toName(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

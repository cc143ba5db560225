import { lstatSync, readFileSync, readdirSync } from "node:fs";
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
  const linked = listLinked(repository);
  const found = new Map(readRebased(repository, linked));
  const head = linked.length > 0 ? undefined : readOnlyHead(repository);
  if (head === null) return found;
  if (head !== undefined) return found.set(toName(head), repository.path);
  // Without -z, which git before 2.36 lacks: a line break in a path can only make this more careful.
  const listed = await runGit(repository, ["worktree", "list", "--porcelain"], { signal });
  let place = repository.path;
  for (const line of listed.stdout.toString("utf8").split("\n")) {
    if (line.startsWith("worktree ")) place = line.slice("worktree ".length);
    if (line.startsWith("branch ")) found.set(toName(line.slice("branch ".length)), place);
  }
  return found;
}

/** The directories of its linked work trees. */
function listLinked({ commonDirectory }: Repository): readonly string[] {
  const folder = join(commonDirectory, "worktrees");
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * The ref that the one work tree of a repository stands on, as git's own file has it: starting git takes longer than all of this.
 * null: on none; undefined: that file is none of the common kind, and git must be asked.
 */
function readOnlyHead({ commonDirectory, isBare }: Repository): string | null | undefined {
  if (isBare) return null;
  const text = tryRead(join(commonDirectory, "HEAD"));
  // With reftable the file names a ref that cannot be.
  const [, ref] = /^ref: (refs\/heads\/(?!\.).+)\n$/.exec(text) ?? [];
  if (ref === undefined) return /^[0-9a-f]+\n$/.test(text) ? null : undefined;
  // A branch may only be another name of one, as text or as a link.
  const file = join(commonDirectory, ref);
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink || tryRead(file).startsWith("ref:") ? undefined : ref;
}

/** A regular file's text. In old repositories HEAD is a symbolic link. */
function tryRead(file: string): string {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
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
function readRebased({ path, commonDirectory }: Repository, linked: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const directory of [commonDirectory, ...linked]) {
    for (const file of ["rebase-merge/head-name", "rebase-apply/head-name"]) {
      const text = tryRead(join(directory, file));
      const place = directory === commonDirectory ? path : basename(directory);
      if (text.startsWith("refs/heads/")) found.set(toName(text.trim()), `${place} (in a rebase)`);
    }
  }
  return found;
}

function toName(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

import { decodePath, readNulFields } from "./nul-fields.ts";
import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";

/**
 * Paths that were added and that a file system of a Mac or of Windows takes for another path of the same tree, each
 * as `one = other`.
 */
export async function findCaseCollisions(
  repository: Repository,
  { head, added }: { readonly head: string; readonly added: readonly Buffer[] },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (added.length === 0) return [];
  // Only the folded names of added paths and of their folders can collide anew: memory does not grow with the tree.
  const names = new Map<string, string | undefined>();
  for (const path of added)
    for (const prefix of listPrefixes(decodePath(path).path)) names.set(fold(prefix), undefined);
  const collisions: string[] = [];
  const args = ["ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", head];
  for await (const field of readNulFields(streamGit(repository, args, { signal }))) {
    const { path } = decodePath(field);
    const folded = fold(path);
    if (!names.has(folded)) continue;
    const other = names.get(folded);
    if (other === undefined) names.set(folded, path);
    else if (other !== path) collisions.push(`${other} = ${path}`);
  }
  return collisions;
}

function listPrefixes(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function fold(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

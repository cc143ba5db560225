import { decodePath, readNulFields } from "./nul-fields.ts";
import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";

/** The names of added paths and of their folders: only these can collide anew, so memory does not grow with the tree. */
export interface AddedNames {
  /** Folded name: the first path of the tree that has it, once the tree is read. */
  readonly paths: Map<string, string | undefined>;
  characters: number;
  /** There were too many; the later ones are missing. */
  isCut: boolean;
}

/** Several hundred thousand paths of ordinary length. */
const maxCharacters = 32 * 1024 ** 2;

export function noteAdded(names: AddedNames, path: string): void {
  const folded = fold(path);
  // From the path upwards: where a folder is known, those above it are too.
  for (let end = folded.length; end > 0; end = folded.lastIndexOf("/", end - 1)) {
    const name = folded.slice(0, end);
    if (names.paths.has(name)) return;
    names.isCut ||= names.characters + name.length > maxCharacters;
    if (names.isCut) return;
    names.paths.set(name, undefined);
    names.characters += name.length;
  }
}

/**
 * Paths that were added and that a file system of a Mac or of Windows takes for another path of the same tree, each
 * as `one = other`.
 */
export async function* findCaseCollisions(
  repository: Repository,
  { head, names }: { readonly head: string; readonly names: AddedNames },
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (names.paths.size === 0) return;
  const args = ["ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", head];
  for await (const field of readNulFields(streamGit(repository, args, { signal }))) {
    const { path } = decodePath(field);
    const folded = fold(path);
    if (!names.paths.has(folded)) continue;
    const other = names.paths.get(folded);
    if (other === undefined) names.paths.set(folded, path);
    else if (other !== path) yield `${other} = ${path}`;
  }
}

function fold(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

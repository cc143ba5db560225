import { decodePath, readNulFields } from "./nul-fields.ts";
import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";
import { foldPath, startTwinSearch } from "./twin-search.ts";

/** Paths that were added and that a file system of a Mac or of Windows takes for another path of the same tree. */
export interface CaseCollisions extends AsyncDisposable {
  noteAdded(path: string): void;
  /** There were too many; the later ones are not looked at. */
  isCut(): boolean;
  /** The collisions in a commit's tree, each as `one = other`; after all paths were noted, and once. */
  find(head: string): AsyncGenerator<string>;
}

/** Several hundred thousand paths of ordinary length. */
const maxCharacters = 32 * 1024 ** 2;

/** Starts a git that waits for the commit; disposing ends it. */
export function openCaseCollisions(repository: Repository, signal: AbortSignal): CaseCollisions {
  // Of added paths and their folders: only these can collide anew, so memory does not grow with the tree.
  const names = new Set<string>();
  let characters = 0;
  let isCut = false;
  const search = startTwinSearch(repository, signal);
  return {
    noteAdded(path) {
      search.note(path);
      const folded = foldPath(path);
      // From the path upwards: where a folder is known, those above it are too.
      for (let end = folded.length; end > 0; end = folded.lastIndexOf("/", end - 1)) {
        const name = folded.slice(0, end);
        if (names.has(name)) return;
        isCut ||= characters + name.length > maxCharacters;
        if (isCut) return;
        names.add(name);
        characters += name.length;
      }
    },
    isCut: () => isCut,
    async *find(head) {
      if (await search.mayFind(head)) yield* findCollisions(repository, { head, names }, signal);
    },
    [Symbol.asyncDispose]: () => search[Symbol.asyncDispose](),
  };
}

async function* findCollisions(
  repository: Repository,
  { head, names }: { readonly head: string; readonly names: ReadonlySet<string> },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const first = new Map<string, string>();
  const args = ["ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", head];
  for await (const field of readNulFields(streamGit(repository, args, { signal }))) {
    const { path } = decodePath(field);
    const folded = foldPath(path);
    if (!names.has(folded)) continue;
    const other = first.get(folded);
    if (other === undefined) first.set(folded, path);
    else if (other !== path) yield `${other} = ${path}`;
  }
}

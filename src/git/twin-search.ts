import type { Repository } from "./repository.ts";
import { streamGit } from "./run-git.ts";

/**
 * Looks whether any folder that leads to an added path holds two names that differ only in case or accents. Where none
 * does, no added path, and no folder of one, has a double anywhere in the tree: the first names in which the two differ
 * are twins in a folder that leads to both. Reads these folders alone, where to look for the doubles takes the whole tree.
 */
export interface TwinSearch extends AsyncDisposable {
  note(added: string): void;
  /** False: there are none. After all paths were noted, and once. */
  mayFind(head: string): Promise<boolean>;
}

/** Of folders' names, and of what git says of them. Where there is more, the whole tree is as good. */
const maxCharacters = 1024 ** 2;
const maxBytes = 16 * 1024 ** 2;

/** Starts a git that waits for the commit; disposing ends it. */
export function startTwinSearch(repository: Repository, signal: AbortSignal): TwinSearch {
  const folders = new Set<string>();
  let characters = 0;
  const asked = Promise.withResolvers<string>();
  asked.promise.catch(() => undefined);
  const trees = readTrees(repository, asked.promise, signal);
  trees.catch(() => undefined);
  return {
    note(path) {
      // Not a line of input for git. One whose bytes are no text is not found, or is the twin of the one that is.
      if (path.includes("\n")) characters = Infinity;
      for (let end = path.lastIndexOf("/"); characters <= maxCharacters; end = path.lastIndexOf("/", end - 1)) {
        const folder = path.slice(0, Math.max(end, 0));
        if (folders.has(folder)) return;
        folders.add(folder);
        characters += folder.length + 1;
      }
    },
    async mayFind(head) {
      const isWhole = characters <= maxCharacters;
      asked.resolve(isWhole ? [...folders].map((folder) => `${head}:${folder}\n`).join("") : "");
      const read = await trees;
      return !isWhole || read === null || hasTwins(read, head.length / 2);
    },
    async [Symbol.asyncDispose]() {
      asked.reject(new Error("No names are compared."));
      await trees.catch(() => undefined);
    },
  };
}

/** How a file system that takes no account of case or accents knows a path. */
export function foldPath(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

/** Null: there is too much of them. */
async function readTrees(repository: Repository, asked: Promise<string>, signal: AbortSignal): Promise<Buffer | null> {
  async function* write(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(await asked);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of streamGit(repository, ["cat-file", "--batch", "--buffer"], { signal, input: write() })) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
  }
  return Buffer.concat(chunks);
}

/** Trees as `cat-file --batch` writes them: `<id> tree <size>`, then entries `<mode> <name> NUL <id in bytes>`. */
function hasTwins(trees: Buffer, idBytes: number): boolean {
  let at = 0;
  while (at < trees.length) {
    const from = trees.indexOf("\n", at) + 1;
    const size = /^[0-9a-f]+ tree (\d+)\n$/.exec(trees.toString("latin1", at, from))?.[1];
    if (size === undefined) return true;
    const end = from + Number(size);
    if (isCrowded(trees.subarray(from, end), idBytes)) return true;
    at = end + 1;
  }
  return false;
}

function isCrowded(tree: Buffer, idBytes: number): boolean {
  const names = new Set<string>();
  for (let at = 0; at < tree.length;) {
    const from = tree.indexOf(" ", at) + 1;
    const end = tree.indexOf(0, from);
    // No tree: whoever reads all of it will say so.
    if (from === 0 || end < 0) return true;
    const name = foldPath(tree.toString("utf8", from, end));
    if (names.has(name)) return true;
    names.add(name);
    at = end + 1 + idBytes;
  }
  return false;
}

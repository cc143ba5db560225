// Brings the agent's work out: its commits as they are, what it left uncommitted as one commit on top, as a thin pack.
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, lstatSync, utimesSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { openBaseSource, openSource } from "./collect-source.mjs";
import { git, runWithGit, tryGit } from "./git.mjs";

/**
 * @typedef {import("./collect-source.mjs").Note} Note
 * @typedef {import("./collect-source.mjs").Place} Place
 * @typedef {import("./collect-source.mjs").Source} Source
 * @typedef {{ head: string, notes: Note[], sendPack: ReturnType<typeof startPack> }} Collected
 */

/**
 * A scratch index: the agent's own, for its cached file states and what it has staged, without the flags that hide
 * changes. Also tells which repositories lie inside the work tree.
 * @param {Source} source
 * @returns {Promise<Buffer[]>}
 */
async function openScratchIndex({ place, parent, index }) {
  const indexFile = join(place.env.GIT_DIR ?? "", "index");
  if (index !== null) copyIndex(index, indexFile);
  const listArgs = ["ls-files", "-v", "-z", "--cached", "--others", "--exclude-standard"];
  const list = () => tryGit(listArgs, place);
  let listed = await tryGit(listArgs, { ...place, timeoutMs: listTimeoutMs });
  if (listed.code === null) {
    await removePipes(place.cwd);
    listed = await list();
  }
  // No index, or a damaged one: begin with what is committed.
  if (listed.code !== 0 || listed.stdout.length === 0) {
    await rm(indexFile, { force: true });
    await git(["read-tree", parent], place);
    listed = await list();
  }
  const found = sortListed(listed.stdout);
  if (found.assumed.length > 0) await clearFlag("--no-assume-unchanged", found.assumed, place);
  const present = await filterPresent(place, found.skipped);
  if (present.length > 0) await clearFlag("--no-skip-worktree", present, place);
  return found.nested;
}

/** Far more than listing takes; git waits for ever for a pipe in the place of a .gitignore. */
const listTimeoutMs = 10_000;

/** Nobody writes into them any more, and git does not keep them. @param {string} workTree */
async function removePipes(workTree) {
  const args = [workTree, "-name", ".git", "-prune", "-o", "-type", "p", "-exec", "rm", "-f", "{}", "+"];
  await new Promise((resolve) => spawn("find", args, { stdio: "ignore" }).on("close", resolve));
}

/**
 * @param {string} from
 * @param {string} to
 */
function copyIndex(from, to) {
  const entry = lstatSync(from, { throwIfNoEntry: false });
  // A pipe in its place would be waited for.
  if (!entry?.isFile()) return;
  copyFileSync(from, to);
  // git takes a file for unchanged if it is of the same size and second and the index is younger: it must not look younger.
  utimesSync(to, entry.atime, entry.mtime);
}

/**
 * A sparse checkout marks what it has left out, which is not deleted; what is there all the same may have changed.
 * @param {Place} place
 * @param {Buffer[]} paths
 */
async function filterPresent({ cwd }, paths) {
  const found = await Promise.all(
    paths.map((path) => lstat(Buffer.concat([Buffer.from(`${cwd}/`), path])).then(Boolean, () => false)),
  );
  return paths.filter((_, at) => found[at]);
}

/**
 * @param {Buffer} output of ls-files -v: a letter, a space and a path each; `?` for files that are not tracked
 */
function sortListed(output) {
  /** @type {{ assumed: Buffer[], skipped: Buffer[], nested: Buffer[] }} */
  const found = { assumed: [], skipped: [], nested: [] };
  for (const record of eachRecord(output)) {
    const tag = String.fromCharCode(record[0] ?? 0);
    if (tag === "S" || tag === "s") found.skipped.push(record.subarray(2));
    if (tag >= "a" && tag <= "z") found.assumed.push(record.subarray(2));
    // git names a repository inside the work tree with a slash at its end and does not look into it.
    if (tag === "?" && record.at(-1) === slash) found.nested.push(record.subarray(2));
  }
  return found;
}

const slash = "/".charCodeAt(0);

/**
 * @param {string} flag
 * @param {Buffer[]} paths
 * @param {Place} place
 */
async function clearFlag(flag, paths, place) {
  await git(["update-index", flag, "-z", "--stdin"], {
    ...place,
    input: Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])])),
  });
}

/** @param {Buffer} output @returns {Generator<Buffer>} */
function* eachRecord(output) {
  for (let from = 0; from < output.length;) {
    const end = output.indexOf(0, from);
    yield output.subarray(from, end);
    from = end + 1;
  }
}

/**
 * A repository inside the work tree would become a link to commits that nobody has: its files are kept instead.
 * @param {Place} scratch
 * @param {Buffer[]} found
 * @returns {Promise<Note[]>}
 */
async function unwrapNestedRepositories(scratch, found) {
  /** @type {string[]} */
  const unwrapped = [];
  for (let nested = found; nested.length > 0 && unwrapped.length < 1_000;) {
    for (const path of nested) {
      const directory = Buffer.concat([Buffer.from(`${scratch.cwd}/`), path, Buffer.from(".git")]);
      await rm(directory, { recursive: true, force: true });
      unwrapped.push(path.toString());
    }
    // What lies deeper shows only now.
    const others = await tryGit(["ls-files", "--others", "--exclude-standard", "-z"], scratch);
    nested = [...eachRecord(others.stdout)].filter((path) => path.at(-1) === slash);
  }
  if (unwrapped.length === 0) return [];
  const names = unwrapped.slice(0, 5).join(", ");
  return [
    { code: "NESTED_REPOSITORY", message: `Repositories made inside the work tree were kept as plain files: ${names}` },
  ];
}

/**
 * Its pack goes to `output`, when it is told to.
 * @param {string} workTree
 * @param {import("./collect-source.mjs").Order} order
 * @param {NodeJS.WritableStream} output
 * @returns {Promise<Collected>}
 */
export async function collect(workTree, order, output) {
  if (!existsSync(workTree)) {
    const notes = [{ code: "WORKSPACE_DELETED", message: "The agent deleted the whole work tree." }];
    return { head: order.base, notes, sendPack: async () => {} };
  }
  try {
    return await collectFrom(await openSource(workTree, order), order, output);
  } catch {
    // Objects are missing, or the index is not what it seems: the files themselves are still there.
    return collectFrom(await openBaseSource(workTree, order), order, output);
  }
}

/**
 * @param {Source} source
 * @param {import("./collect-source.mjs").Order} order
 * @param {NodeJS.WritableStream} output
 * @returns {Promise<Collected>}
 */
async function collectFrom(source, order, output) {
  const { place, notes } = source;
  const opening = openScratchIndex(source);
  // Both wait for their input: they get ready while git lists the files.
  const snapshot = startSnapshot(source, order);
  const sendPack = startPack(place, output);
  try {
    const unwrapped = await unwrapNestedRepositories(place, await opening);
    return { head: await snapshot.take(), notes: [...notes, ...unwrapped], sendPack };
  } finally {
    snapshot.callOff();
  }
}

/** One shell for processes that follow each other: starting each from here takes as long as what it does. */
const snapshotScript = `
  set -e
  parent_tree=$(git rev-parse "$PARENT^{tree}")
  # Not before it is told to.
  read -r _
  # What the agent made unreadable for itself is made readable again: nothing is left out.
  git add -A 2>/dev/null || { chmod -R u+rwX . || true; git add -A; }
  tree=$(git write-tree)
  if [ "$tree" = "$parent_tree" ]; then echo "$PARENT"; else git commit-tree "$tree" -p "$PARENT" -F -; fi
`;

/**
 * A shell that waits for the commit message. `take` gives the parent, or a commit on top of it that holds what was left uncommitted.
 * @param {Source} source
 * @param {import("./collect-source.mjs").Order} order
 * @returns {{ take: () => Promise<string>, callOff: () => void }}
 */
function startSnapshot({ parent, place }, { author, commitMessage }) {
  const { name, email } = author;
  const env = {
    ...place.env,
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    PARENT: parent,
  };
  /** @type {PromiseWithResolvers<string>} */
  const { promise: input, resolve } = Promise.withResolvers();
  const taken = runWithGit(["sh", "-c", snapshotScript], { cwd: place.cwd, env, input });
  taken.catch(() => {});
  return {
    take() {
      resolve(`\n${commitMessage}`);
      return taken;
    },
    callOff: () => resolve(""),
  };
}

/**
 * A `git pack-objects` that waits for what it is to pack, which goes to `output`.
 * @param {Place} place
 * @param {NodeJS.WritableStream} output
 * @returns {(range: { base: string, head: string }) => Promise<void>}
 */
function startPack(place, output) {
  /** @type {PromiseWithResolvers<string>} */
  const { promise: input, resolve } = Promise.withResolvers();
  const args = ["pack-objects", "--revs", "--thin", "--stdout", "--delta-base-offset", "-q"];
  const packed = tryGit(args, { ...place, input, output });
  packed.catch(() => {});
  return async ({ base, head }) => {
    resolve(`${head}\n^${base}\n`);
    const { code, stderr } = await packed;
    if (code !== 0) throw new Error(`git pack-objects ended with ${code}: ${stderr.trim()}`);
  };
}

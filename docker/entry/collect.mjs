// Brings the agent's work out: its commits as they are, what it left uncommitted as one commit on top, as a thin pack.
import { spawn } from "node:child_process";
import { copyFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { git, tryGit } from "./git.mjs";
import { createGitDirectory } from "./workspace.mjs";

/**
 * @typedef {{ code: string, message: string }} Note
 * @typedef {{ cwd: string, env: Record<string, string> }} Place where git runs and with which directories
 * @typedef {{ place: Place, parent: string, parentTree: string, notes: Note[] }} Source
 */

/**
 * The repository to read from: the agent's own where its HEAD descends from the base, else a new one on the base, so
 * that whatever happened to `.git` the files are kept.
 * @param {string} workTree
 * @param {import("./control.mjs").Start} start
 * @returns {Promise<Source>}
 */
async function openSource(workTree, start) {
  const own = { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: join(workTree, ".git") } };
  const head = await tryGit(["rev-parse", "HEAD^{commit}", "HEAD^{tree}"], own);
  const [parent = "", parentTree = ""] = head.stdout.toString().split("\n");
  if (head.code === 0 && (await descends(parent, start.base, own)))
    return { place: own, parent, parentTree, notes: [] };
  const fresh = join(workTree, `../.collect-${process.pid}.git`);
  await createGitDirectory(fresh, start, { bare: false });
  const place = { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: fresh } };
  const note =
    head.code === 0
      ? {
          code: "HISTORY_REWRITTEN",
          message: "The agent's HEAD does not descend from the base; its files were kept as one commit.",
        }
      : {
          code: "GIT_DIRECTORY_REPLACED",
          message: "The agent deleted or replaced .git; its files were kept as one commit.",
        };
  const tree = await git(["rev-parse", `${start.base}^{tree}`], place);
  return { place, parent: start.base, parentTree: tree, notes: [note] };
}

/**
 * @param {string} commit
 * @param {string} base
 * @param {Place} place
 */
async function descends(commit, base, place) {
  return commit === base || (await tryGit(["merge-base", "--is-ancestor", base, commit], place)).code === 0;
}

/**
 * A scratch index: the agent's own, for its cached file states and what it has staged, without the flags that hide
 * changes. Also tells which repositories lie inside the work tree.
 * @param {Source} source
 * @param {string} indexFile
 * @returns {Promise<{ scratch: Place, nested: string[] }>}
 */
async function openScratchIndex({ place, parent }, indexFile) {
  const scratch = { cwd: place.cwd, env: { ...place.env, GIT_INDEX_FILE: indexFile } };
  await copyFile(join(place.env.GIT_DIR ?? "", "index"), indexFile).catch(() => {});
  const list = () => tryGit(["ls-files", "-v", "-z", "--cached", "--others", "--exclude-standard"], scratch);
  let listed = await list();
  // No index, or a damaged one: begin with what is committed.
  if (listed.code !== 0 || listed.stdout.length === 0) {
    await rm(indexFile, { force: true });
    await git(["read-tree", parent], scratch);
    listed = await list();
  }
  const found = sortListed(listed.stdout);
  if (found.assumed.length > 0) await clearFlag("--no-assume-unchanged", found.assumed, scratch);
  if (found.skipped.length > 0) await clearFlag("--no-skip-worktree", found.skipped, scratch);
  return { scratch, nested: found.nested };
}

/**
 * @param {Buffer} output of ls-files -v: a letter, a space and a path each; `?` for files that are not tracked
 */
function sortListed(output) {
  /** @type {{ assumed: Buffer[], skipped: Buffer[], nested: string[] }} */
  const found = { assumed: [], skipped: [], nested: [] };
  for (const record of eachRecord(output)) {
    const tag = String.fromCharCode(record[0] ?? 0);
    if (tag === "S" || tag === "s") found.skipped.push(record.subarray(2));
    if (tag >= "a" && tag <= "z") found.assumed.push(record.subarray(2));
    // git names a repository inside the work tree with a slash at its end and does not look into it.
    if (tag === "?" && record.at(-1) === slash) found.nested.push(record.subarray(2).toString());
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
 * @param {string[]} found
 * @returns {Promise<Note[]>}
 */
async function unwrapNestedRepositories(scratch, found) {
  /** @type {string[]} */
  const unwrapped = [];
  for (let nested = found; nested.length > 0 && unwrapped.length < 1_000;) {
    for (const path of nested) await rm(join(scratch.cwd, path, ".git"), { recursive: true, force: true });
    unwrapped.push(...nested);
    // What lies deeper shows only now.
    const others = await git(["ls-files", "--others", "--exclude-standard", "-z"], scratch);
    nested = others.split("\0").filter((path) => path.endsWith("/"));
  }
  if (unwrapped.length === 0) return [];
  const names = unwrapped.slice(0, 5).join(", ");
  return [
    { code: "NESTED_REPOSITORY", message: `Repositories made inside the work tree were kept as plain files: ${names}` },
  ];
}

/**
 * @param {string} workTree
 * @param {import("./control.mjs").Start} start
 * @returns {Promise<{ head: string, notes: Note[], place: Place }>}
 */
export async function collect(workTree, start) {
  if (!(await stat(workTree).catch(() => null))) {
    const notes = [{ code: "WORKSPACE_DELETED", message: "The agent deleted the whole work tree." }];
    return { head: start.base, notes, place: { cwd: "/", env: {} } };
  }
  const source = await openSource(workTree, start);
  const { scratch, nested } = await openScratchIndex(source, join(workTree, `../.collect-${process.pid}.index`));
  const unwrapped = await unwrapNestedRepositories(scratch, nested);
  await addEverything(scratch);
  const tree = await git(["write-tree"], scratch);
  const head = tree === source.parentTree ? source.parent : await commitLeftovers(tree, source, start);
  return { head, notes: [...source.notes, ...unwrapped], place: source.place };
}

/** What the agent made unreadable for itself is made readable again: nothing is left out. @param {Place} scratch */
async function addEverything(scratch) {
  const { code } = await tryGit(["add", "-A"], scratch);
  if (code === 0) return;
  await new Promise((resolve) =>
    spawn("chmod", ["-R", "u+rwX", "."], { cwd: scratch.cwd, stdio: "ignore" }).on("close", resolve),
  );
  await git(["add", "-A"], scratch);
}

/**
 * @param {string} tree
 * @param {Source} source
 * @param {import("./control.mjs").Start} start
 */
async function commitLeftovers(tree, { parent, place }, start) {
  const { name, email } = start.author;
  const author = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email };
  const committer = { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
  const env = { ...place.env, ...author, ...committer };
  return git(["commit-tree", tree, "-p", parent, "-F", "-"], { cwd: place.cwd, env, input: start.commitMessage });
}

/**
 * @param {{ base: string, head: string, place: Place, output: NodeJS.WritableStream }} options
 */
export async function sendPack({ base, head, place, output }) {
  const args = ["pack-objects", "--revs", "--thin", "--stdout", "--delta-base-offset", "-q"];
  const { code, stderr } = await tryGit(args, { ...place, input: `${head}\n^${base}\n`, output });
  if (code !== 0) throw new Error(`git pack-objects ended with ${code}: ${stderr.trim()}`);
}

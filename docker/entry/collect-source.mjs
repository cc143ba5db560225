// Where the agent has left its work, whatever it has done to its git directory.
import { lstatSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { git, tryGit } from "./git.mjs";
import { createGitDirectory, template } from "./workspace.mjs";

/**
 * @typedef {import("./order.mjs").Order} Order
 * @typedef {{ code: string, message: string }} Note
 * @typedef {{ cwd: string, env: Record<string, string> }} Place where git runs and with which directories
 *
 * @typedef {object} Source
 * @property {Place} place
 * @property {string} parent The commit that the leftovers go on top of.
 * @property {string | null} index The agent's own.
 * @property {Note[]} notes
 */

/**
 * All that git reads to find HEAD and its objects: where none of it has changed, the agent has committed nothing, and git need not be asked.
 * @param {string} gitDirectory
 */
function isAsGiven(gitDirectory) {
  const [, branchRef = ""] = /^ref: (.+)\n$/.exec(readFileSync(join(template, "HEAD"), "utf8")) ?? [];
  const isAbsent = (/** @type {string} */ name) => !lstatSync(join(gitDirectory, name), { throwIfNoEntry: false });
  const isDirectory = (/** @type {string} */ name) =>
    lstatSync(join(gitDirectory, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  // A pipe in its place would be waited for.
  const isSame = (/** @type {string} */ name) =>
    (lstatSync(join(gitDirectory, name), { throwIfNoEntry: false })?.isFile() ?? false) &&
    readFileSync(join(gitDirectory, name)).equals(readFileSync(join(template, name)));
  try {
    return (
      ["", "objects", "objects/info", "refs"].every(isDirectory) &&
      ["HEAD", "config", "packed-refs", "objects/info/alternates"].every(isSame) &&
      ["commondir", branchRef].every(isAbsent)
    );
  } catch {
    return false;
  }
}

/** Reading a git directory takes milliseconds; one that was tampered with may take for ever. */
const readTimeoutMs = 30_000;

const rewritten = {
  code: "HISTORY_REWRITTEN",
  message: "The agent's HEAD does not descend from the base; its files were kept as one commit.",
};
const replaced = {
  code: "GIT_DIRECTORY_REPLACED",
  message: "The agent deleted, replaced or damaged .git; its files were kept as one commit.",
};

/**
 * The agent's HEAD where it descends from the base, else the base. Throws where the agent's commits are incomplete.
 * @param {string} workTree
 * @param {Order} order
 * @returns {Promise<Source>}
 */
export async function openSource(workTree, order) {
  const gitDirectory = join(workTree, ".git");
  if (isAsGiven(gitDirectory)) {
    const place = createPlace(workTree, [join(gitDirectory, "objects")]);
    return { place, parent: order.base, index: join(gitDirectory, "index"), notes: [] };
  }
  const theirs = { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: gitDirectory } };
  const paths = ["--path-format=absolute", "--git-path", "objects", "--git-path", "index"];
  const options = { ...theirs, timeoutMs: readTimeoutMs };
  const answer = await tryGit(["rev-parse", ...paths, "HEAD^{commit}"], options);
  if (answer.code !== 0) return openBaseSource(workTree, order, replaced);
  const [objects = "", index = "", head = ""] = answer.stdout.toString().split("\n");
  const place = createPlace(workTree, [objects]);
  const own = { place, parent: head, index, notes: [] };
  if (head === order.base) return own;
  const ancestor = await tryGit(["merge-base", "--is-ancestor", order.base, head], place);
  if (ancestor.code !== 0) return openBaseSource(workTree, order, rewritten);
  await git(["rev-list", "--objects", "--quiet", head, "--not", order.base], place);
  return own;
}

/**
 * Nothing of the agent's but its files.
 * @param {string} workTree
 * @param {Order} order
 * @param {Note} [note]
 * @returns {Promise<Source>}
 */
export async function openBaseSource(workTree, order, note = replaced) {
  const place = createPlace(workTree, []);
  return { place, parent: order.base, index: null, notes: [note] };
}

/**
 * A git directory of our own that borrows the agent's objects: nothing the agent has configured takes part, be it filters,
 * replaced objects or a forged end of history. Its name cannot be known beforehand.
 * @param {string} workTree
 * @param {string[]} borrow
 * @returns {Place}
 */
function createPlace(workTree, borrow) {
  const gitDirectory = mkdtempSync(join(workTree, "../.collect-"));
  createGitDirectory(gitDirectory, borrow);
  return { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: gitDirectory } };
}

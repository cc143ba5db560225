// Brings the agent's work out: its commits as they are, what it left uncommitted as one commit on top, as a thin pack.
import { spawn } from "node:child_process";
import { copyFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { git, tryGit } from "./git.mjs";
import { createGitDirectory } from "./workspace.mjs";

/**
 * @typedef {{ code: string, message: string }} Note
 * @typedef {{ cwd: string, env: Record<string, string> }} Place where git runs and with which directories
 * @typedef {{ place: Place, parent: string, notes: Note[] }} Source
 */

/**
 * The repository to read from: the agent's own where its HEAD descends from the base, else a new one on the base, so
 * that whatever happened to `.git` the files are kept.
 * @param {string} workTree
 * @param {import("./control.mjs").Start} start
 * @returns {Promise<Source>}
 */
async function openSource(workTree, start) {
  const place = { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: join(workTree, ".git") } };
  const head = await tryGit(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], place);
  const parent = head.stdout.toString().trim();
  if (head.code === 0 && parent === start.base) return { place, parent, notes: [] };
  if (head.code === 0) {
    const ancestor = await tryGit(["merge-base", "--is-ancestor", start.base, parent], place);
    if (ancestor.code === 0) return { place, parent, notes: [] };
  }
  const fresh = join(workTree, `../.collect-${process.pid}.git`);
  await createGitDirectory(fresh, start, { bare: false });
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
  return {
    place: { cwd: workTree, env: { GIT_WORK_TREE: workTree, GIT_DIR: fresh } },
    parent: start.base,
    notes: [note],
  };
}

/**
 * A scratch index: the agent's own, for its cached file states and what it has staged, without the flags that hide changes.
 * @param {Source} source
 * @param {string} indexFile
 * @returns {Promise<Place>}
 */
async function openScratchIndex({ place, parent }, indexFile) {
  const scratch = { cwd: place.cwd, env: { ...place.env, GIT_INDEX_FILE: indexFile } };
  const copied = await copyFile(join(place.env.GIT_DIR ?? "", "index"), indexFile).then(
    () => true,
    () => false,
  );
  const listed = copied ? await tryGit(["ls-files", "-v", "-z"], scratch) : { code: 1, stdout: Buffer.alloc(0) };
  if (listed.code !== 0) {
    await rm(indexFile, { force: true });
    await git(["read-tree", parent], scratch);
    return scratch;
  }
  /** @type {Record<"assume" | "skip", Buffer[]>} */
  const hidden = { assume: [], skip: [] };
  for (const [tag, path] of eachTagged(listed.stdout)) {
    if (tag === "S" || tag === "s") hidden.skip.push(path);
    if (tag !== tag.toUpperCase()) hidden.assume.push(path);
  }
  if (hidden.assume.length > 0) await clearFlag("--no-assume-unchanged", hidden.assume, scratch);
  if (hidden.skip.length > 0) await clearFlag("--no-skip-worktree", hidden.skip, scratch);
  return scratch;
}

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

/** @param {Buffer} output @returns {Generator<[string, Buffer]>} */
function* eachTagged(output) {
  for (const record of eachRecord(output)) yield [String.fromCharCode(record[0] ?? 0), record.subarray(2)];
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
 * @returns {Promise<Note[]>}
 */
async function unwrapNestedRepositories(scratch) {
  /** @type {string[]} */
  const unwrapped = [];
  for (let depth = 0; depth < 20; depth += 1) {
    const others = await git(["ls-files", "--others", "--exclude-standard", "-z"], scratch);
    const nested = others.split("\0").filter((path) => path.endsWith("/"));
    if (nested.length === 0) break;
    for (const path of nested) await rm(join(scratch.cwd, path, ".git"), { recursive: true, force: true });
    unwrapped.push(...nested);
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
    return {
      head: start.base,
      notes: [{ code: "WORKSPACE_DELETED", message: "The agent deleted the whole work tree." }],
      place: { cwd: "/", env: {} },
    };
  }
  const source = await openSource(workTree, start);
  const scratch = await openScratchIndex(source, join(workTree, `../.collect-${process.pid}.index`));
  const nested = await unwrapNestedRepositories(scratch);
  await addEverything(scratch);
  const tree = await git(["write-tree"], scratch);
  const head = await commitLeftovers({ tree, parent: source.parent, start, place: source.place });
  return { head, notes: [...source.notes, ...nested], place: source.place };
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

/** @param {{ tree: string, parent: string, start: import("./control.mjs").Start, place: Place }} options */
async function commitLeftovers({ tree, parent, start, place }) {
  const committed = await git(["rev-parse", `${parent}^{tree}`], place);
  if (tree === committed) return parent;
  const { name, email } = start.author;
  const identity = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  return git(["commit-tree", tree, "-p", parent, "-F", "-"], {
    cwd: place.cwd,
    env: { ...place.env, ...identity },
    input: start.commitMessage,
  });
}

/**
 * @param {{ base: string, head: string, place: Place, output: NodeJS.WritableStream }} options
 */
export async function sendPack({ base, head, place, output }) {
  const args = ["pack-objects", "--revs", "--thin", "--stdout", "--delta-base-offset", "-q"];
  const { code, stderr } = await tryGit(args, { ...place, input: `${head}\n^${base}\n`, output });
  if (code !== 0) throw new Error(`git pack-objects ended with ${code}: ${stderr.trim()}`);
}

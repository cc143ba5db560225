// Makes the work tree: an own git directory that borrows the repository's objects, read-only, and a checkout of the base.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { git } from "./git.mjs";

const objectsRoot = "/opt/agent-worker/objects";

/** @param {string} text */
const quote = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")}"`;

/**
 * A git directory whose objects come from the mounted object directories. Some tiny files: waiting for each would take longer.
 * @param {string} gitDirectory
 * @param {import("./control.mjs").Start} start
 * @param {{ objects?: string, borrow?: string[] }} options `objects`: where the object directories are, named 0, 1, ...;
 *   `borrow`: further ones
 */
export function createGitDirectory(gitDirectory, start, { objects = objectsRoot, borrow = [] }) {
  const branchFile = join(gitDirectory, "refs/heads", start.branch);
  for (const directory of ["objects/info", "objects/pack", "info"]) {
    mkdirSync(join(gitDirectory, directory), { recursive: true });
  }
  mkdirSync(dirname(branchFile), { recursive: true });
  const sha256 = start.objectFormat === "sha256";
  const config = [
    `[core]\n\trepositoryformatversion = ${sha256 ? 1 : 0}\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true`,
    ...(sha256 ? ["[extensions]\n\tobjectformat = sha256"] : []),
    `[user]\n\tname = ${quote(start.author.name)}\n\temail = ${quote(start.author.email)}`,
    "[gc]\n\tauto = 0",
  ];
  const mounted = Array.from({ length: start.objectDirectories }, (_, index) => `${objects}/${index}`);
  const alternates = [...mounted, ...borrow].map((directory) => `${directory}\n`);
  writeFileSync(join(gitDirectory, "HEAD"), `ref: refs/heads/${start.branch}\n`);
  writeFileSync(join(gitDirectory, "config"), `${config.join("\n")}\n`);
  writeFileSync(join(gitDirectory, "objects/info/alternates"), alternates.join(""));
  writeFileSync(branchFile, `${start.base}\n`);
  if (start.shallow.length > 0) writeFileSync(join(gitDirectory, "shallow"), `${start.shallow.join("\n")}\n`);
}

/**
 * @param {string} workTree
 * @param {import("./control.mjs").Start} start
 * @param {string} [objects]
 */
export async function fillWorkspace(workTree, start, objects) {
  createGitDirectory(join(workTree, ".git"), start, objects === undefined ? {} : { objects });
  await git(["read-tree", "-m", "-u", start.base], { cwd: workTree });
}

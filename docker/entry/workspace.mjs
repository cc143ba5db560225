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
 * @param {import("./order.mjs").Order} order
 * @param {{ objects?: string, borrow?: string[] }} options `objects`: where the object directories are, named 0, 1, ...;
 *   `borrow`: further ones
 */
export function createGitDirectory(gitDirectory, order, { objects = objectsRoot, borrow = [] }) {
  const branchFile = join(gitDirectory, "refs/heads", order.branch);
  for (const directory of ["objects/info", "objects/pack", "info"]) {
    mkdirSync(join(gitDirectory, directory), { recursive: true });
  }
  mkdirSync(dirname(branchFile), { recursive: true });
  const sha256 = order.objectFormat === "sha256";
  const config = [
    `[core]\n\trepositoryformatversion = ${sha256 ? 1 : 0}\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true`,
    ...(sha256 ? ["[extensions]\n\tobjectformat = sha256"] : []),
    `[user]\n\tname = ${quote(order.author.name)}\n\temail = ${quote(order.author.email)}`,
    "[gc]\n\tauto = 0",
  ];
  const mounted = Array.from({ length: order.objectDirectories }, (_, index) => `${objects}/${index}`);
  const alternates = [...mounted, ...borrow].map((directory) => `${directory}\n`);
  writeFileSync(join(gitDirectory, "HEAD"), `ref: refs/heads/${order.branch}\n`);
  writeFileSync(join(gitDirectory, "config"), `${config.join("\n")}\n`);
  writeFileSync(join(gitDirectory, "objects/info/alternates"), alternates.join(""));
  writeFileSync(branchFile, `${order.base}\n`);
  if (order.shallow.length > 0) writeFileSync(join(gitDirectory, "shallow"), `${order.shallow.join("\n")}\n`);
}

/**
 * @param {string} workTree
 * @param {import("./order.mjs").Order} order
 * @param {string} [objects]
 */
export async function fillWorkspace(workTree, order, objects) {
  createGitDirectory(join(workTree, ".git"), order, objects === undefined ? {} : { objects });
  await git(["read-tree", "-m", "-u", order.base], { cwd: workTree });
}

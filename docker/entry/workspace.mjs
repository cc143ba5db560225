// Git directories like that of the work tree, which launch.sh makes.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Laid out by the host: a git directory that borrows the mounted objects and stands at the base. */
export const template = "/opt/agent-worker/run/tree/.git";

/**
 * A git directory like the given one, with further objects. Its files are tiny: fs.cpSync takes longer to load than this does.
 * @param {string} gitDirectory Empty.
 * @param {string[]} borrow Object directories besides the mounted ones.
 */
export function createGitDirectory(gitDirectory, borrow) {
  for (const name of ["objects/info", "objects/pack", "info", "refs"]) {
    mkdirSync(join(gitDirectory, name), { recursive: true });
  }
  for (const entry of readdirSync(template, { withFileTypes: true })) {
    if (entry.isFile()) writeFileSync(join(gitDirectory, entry.name), readFileSync(join(template, entry.name)));
  }
  const alternates = "objects/info/alternates";
  const borrowed = borrow.map((directory) => `${directory}\n`).join("");
  writeFileSync(join(gitDirectory, alternates), readFileSync(join(template, alternates), "utf8") + borrowed);
}

// The work tree that start.sh makes, and git directories like its own.
import { mkdirSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Laid out by the host: a git directory that borrows the mounted objects and stands at the base. */
export const template = "/opt/agent-worker/run/git";
const report = "/tmp/.filled";

/** Resolves with the id of the tree of which the work tree was made; throws what went wrong. @returns {Promise<string>} */
export async function waitForWorkTree() {
  // Most work trees are there by now. What is not whole yet has no line break at its end.
  let said = tryRead(report);
  for (; !said.endsWith("\n"); said = tryRead(report)) await delay(2);
  unlinkSync(report);
  const [code = ""] = said.split(" ", 1);
  const text = said.slice(code.length).trim();
  if (code !== "0") throw new Error(`exit code ${code}: ${text.slice(-4000)}`);
  return text;
}

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

/** @param {string} file */
function tryRead(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

// The work tree that start.sh makes, and git directories like its own.
import { appendFileSync, cpSync, readFileSync, unlinkSync } from "node:fs";
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
 * @param {string} gitDirectory Empty.
 * @param {string[]} borrow Object directories besides the mounted ones.
 */
export function createGitDirectory(gitDirectory, borrow) {
  cpSync(template, gitDirectory, { recursive: true });
  appendFileSync(join(gitDirectory, "objects/info/alternates"), borrow.map((directory) => `${directory}\n`).join(""));
}

/** @param {string} file */
function tryRead(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

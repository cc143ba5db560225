// What the host wants done: a file that is there before the container starts.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Order
 * @property {"run" | "collect"} mode `collect`: the agent has run already; only bring its work out.
 * @property {string} directory Name of the work tree below /workspace.
 * @property {string} base Commit id the work starts from.
 * @property {string[]} command argv of the agent CLI.
 * @property {{ file: string, restored: boolean, omitted: string } | null} conversation Where the agent CLI keeps it; `restored`: one
 *   is continued, without the lines that begin with `omitted`.
 * @property {Record<string, string>} environment `{modelPort}` in a value becomes the forwarder's port.
 * @property {{ name: string, email: string }} author
 * @property {string} commitMessage For what the agent left uncommitted.
 */

/** @param {string} file @returns {Order} */
export function readOrder(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

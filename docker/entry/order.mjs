// What the host wants done: a file that is there before the container starts.
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Order
 * @property {"run" | "collect"} mode `collect`: the agent has run already; only bring its work out.
 * @property {string} directory Name of the work tree below /workspace.
 * @property {string} base Commit id the work starts from.
 * @property {number} modelPort Where the model answers on the loopback.
 * @property {string | null} conversation The file in which the agent CLI keeps it.
 * @property {{ name: string, email: string }} author
 * @property {string} commitMessage For what the agent left uncommitted.
 */

/** @param {string} file @returns {Order} */
export function readOrder(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

// The container's end of the control channel: one connection to the host, NDJSON both ways, prompt and pack as raw bytes.
import { connect } from "node:net";

/**
 * @typedef {object} Start
 * @property {"run" | "collect"} mode `collect`: the agent has run already; only bring its work out.
 * @property {number} promptBytes The prompt follows the start line as raw bytes.
 * @property {string} directory Name of the work tree below /workspace.
 * @property {string} branch
 * @property {string} base Commit id the work starts from.
 * @property {"sha1" | "sha256"} objectFormat
 * @property {number} objectDirectories How many are mounted below /opt/agent-worker/objects.
 * @property {string[]} shallow
 * @property {string[]} command argv of the agent CLI.
 * @property {Record<string, string>} environment `{modelPort}` in a value becomes the forwarder's port.
 * @property {{ name: string, email: string }} author
 * @property {string} commitMessage For what the agent left uncommitted.
 *
 * @typedef {{ start: Start, prompt: Buffer }} Order
 */

/**
 * @param {string} socketPath
 * @param {{ onStop: (graceMs: number) => void, onLost: () => void }} handlers
 */
export async function connectControl(socketPath, { onStop, onLost }) {
  const socket = connect(socketPath);
  /** @type {PromiseWithResolvers<Order>} */
  const { promise: order, resolve: resolveOrder } = Promise.withResolvers();
  let ordered = false;
  let finished = false;
  let pending = Buffer.alloc(0);

  socket.on("data", (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const newline = pending.indexOf(10);
      if (newline < 0) return;
      const message = JSON.parse(pending.subarray(0, newline).toString());
      if (ordered) {
        if (message.type === "stop") onStop(message.graceMs);
      } else {
        const end = newline + 1 + message.promptBytes;
        if (pending.length < end) return;
        ordered = true;
        resolveOrder({ start: message, prompt: pending.subarray(newline + 1, end) });
        pending = pending.subarray(end);
        continue;
      }
      pending = pending.subarray(newline + 1);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (!finished) onLost();
  });

  return {
    order,
    socket,
    /** @param {Record<string, unknown> & { type: string }} message */
    send: (message) => socket.write(`${JSON.stringify(message)}\n`),
    /** Ends our side and waits until everything has left. @returns {Promise<void>} */
    finish: () =>
      new Promise((resolve) => {
        finished = true;
        socket.end(() => resolve());
      }),
  };
}

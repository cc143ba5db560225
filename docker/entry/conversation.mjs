// The agent CLI's own record of the conversation, brought out when all has ended.
import { once } from "node:events";
import { constants, fstatSync, openSync, readSync } from "node:fs";

/** The host refuses more. */
const maxBytes = 64 * 1024 * 1024;

const chunkBytes = 1024 * 1024;
const nothing = { bytes: 0, send: async () => {} };

/**
 * Nobody writes to it any more, so that it has as many bytes when it is sent. A link or a pipe in its place is none of it. Without
 * streams, which take longer to load than this takes.
 * @param {import("./order.mjs").Order} order
 * @returns {{ bytes: number, send: (output: import("node:net").Socket) => Promise<void> }}
 */
export function openConversation({ mode, conversation }) {
  // After a second start the home directory is a new one.
  const file = conversation === null || mode === "collect" ? null : tryOpen(conversation);
  if (file === null) return nothing;
  const found = fstatSync(file);
  if (!found.isFile() || found.size > maxBytes) return nothing;
  return {
    bytes: found.size,
    async send(output) {
      for (let left = found.size; left > 0;) {
        const chunk = Buffer.allocUnsafe(Math.min(left, chunkBytes));
        const count = readSync(file, chunk);
        if (count === 0) throw new Error("the conversation has become shorter");
        left -= count;
        if (!output.write(chunk.subarray(0, count)) && left > 0) await once(output, "drain");
      }
    },
  };
}

/** @param {string} file */
function tryOpen(file) {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

// The agent CLI's own record of the conversation: put back before it starts, brought out when all has ended.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants, open } from "node:fs/promises";
import { dirname } from "node:path";
import { once } from "node:events";

/** Where an earlier one is mounted. */
const earlierFile = "/opt/agent-worker/conversation";
/** The host refuses more. */
const maxBytes = 64 * 1024 * 1024;

/** Written, not linked: the CLI goes on writing to it. @param {import("./order.mjs").Order} order */
export function putConversationBack({ conversation }) {
  if (!conversation?.restored) return;
  mkdirSync(dirname(conversation.file), { recursive: true, mode: 0o700 });
  // Bytes as characters: a line need not be text.
  const lines = readFileSync(earlierFile, "latin1").split("\n");
  const kept = lines.filter((line) => !line.startsWith(conversation.omitted));
  writeFileSync(conversation.file, kept.join("\n"), { encoding: "latin1", mode: 0o600 });
}

const nothing = { bytes: 0, send: async () => {} };

/**
 * Nobody writes to it any more, so that it has as many bytes when it is sent. A link or a pipe in its place is none of it.
 * @param {import("./order.mjs").Order} order
 * @returns {Promise<{ bytes: number, send: (output: import("node:net").Socket) => Promise<void> }>}
 */
export async function openConversation({ mode, conversation }) {
  // After a second start the home directory is a new one.
  if (conversation === null || mode === "collect") return nothing;
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(conversation.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null);
  const found = await file?.stat();
  if (file === null || !found?.isFile() || found.size === 0 || found.size > maxBytes) {
    await file?.close();
    return nothing;
  }
  return {
    bytes: found.size,
    async send(output) {
      for await (const chunk of file.createReadStream({ end: found.size - 1 })) {
        if (!output.write(chunk)) await once(output, "drain");
      }
    },
  };
}

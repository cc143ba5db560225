import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";
import { strangerHint } from "./stranger-hint.ts";

/** Longer conversations are not kept. */
const maxConversationBytes = 64 * 1024 * 1024;

const text = z.string().max(16_384);
const messageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    selfTest: z.object({ modelEndpoint: z.boolean(), reachable: z.array(text).max(16) }),
  }),
  z.object({ type: z.literal("started") }),
  z.object({
    type: z.literal("exited"),
    code: z.number().int().nullable(),
    signal: text.nullable(),
    error: text.nullable(),
    outOfMemoryKills: z.number().int(),
  }),
  z.object({
    type: z.literal("collected"),
    head: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    notes: z.array(z.object({ code: z.string().regex(/^[A-Z_]{1,40}$/), message: text })).max(16),
    /** How many bytes of the agent CLI's conversation follow, before the pack. */
    conversationBytes: z.number().int().nonnegative().max(maxConversationBytes).default(0),
  }),
  z.object({ type: z.literal("broken"), message: text }),
]);

/** What the entry program reports. The agent could have forged any of it: nothing here is believed without a check. */
export type ContainerMessage = z.infer<typeof messageSchema>;

/** One line of the control channel. Throws CONTAINER_LOST for what is no message. */
export type ParseMessage = (line: Buffer) => ContainerMessage;

export const parseMessage: ParseMessage = (line) => {
  try {
    return messageSchema.parse(JSON.parse(line.toString()), { jitless: true });
  } catch (cause) {
    throw new WorkerError("CONTAINER_LOST", "The container's entry program sent something that is no message.", {
      hint: strangerHint,
      cause,
    });
  }
};

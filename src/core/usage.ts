import { z } from "zod";

const count = z.number().int().nonnegative();

/** What a run consumed. Tokens are counted from the provider's answers; `costUsd` is null where nobody stated it. */
export const usageSchema = z.object({
  turns: count,
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  costUsd: z.number().nonnegative().nullable(),
  toolCalls: z.record(z.string(), count),
});
export type Usage = z.infer<typeof usageSchema>;

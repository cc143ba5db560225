import { z } from "zod";
import type { TextLine } from "../../util/lines.ts";

/*
 * The lines of `claude --output-format stream-json` that we use (Claude Code 2.1.329; real streams are in
 * test/fixtures/stream). Only the fields we read are described: the CLI adds others with every release.
 */
const blockSchema = z.object({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
  content: z.unknown().optional(),
});
export type ClaudeBlock = z.infer<typeof blockSchema>;

const messageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("system"),
    subtype: z.string(),
    session_id: z.string().optional(),
    model: z.string().optional(),
    claude_code_version: z.string().optional(),
    attempt: z.number().optional(),
    max_retries: z.number().optional(),
    retry_delay_ms: z.number().optional(),
    error_status: z.number().nullish(),
  }),
  z.object({
    type: z.literal("assistant"),
    parent_tool_use_id: z.string().nullish(),
    message: z.object({ id: z.string(), model: z.string().optional(), content: z.array(blockSchema) }),
  }),
  z.object({
    type: z.literal("user"),
    message: z.object({ content: z.union([z.string(), z.array(blockSchema)]) }),
  }),
  z.object({
    type: z.literal("result"),
    subtype: z.string(),
    is_error: z.boolean(),
    num_turns: z.number().int().nonnegative().catch(0),
    result: z.string().optional(),
    errors: z.array(z.string()).optional(),
    stop_reason: z.string().nullish(),
    api_error_status: z.number().nullish(),
    total_cost_usd: z.number().nonnegative().optional().catch(undefined),
    session_id: z.string().optional(),
  }),
]);
export type ClaudeMessage = z.infer<typeof messageSchema>;

/** A line of a type we know, one of another type (passed over), or one that is no message at all. */
export type ClaudeLine =
  | { readonly kind: "message"; readonly message: ClaudeMessage }
  | { readonly kind: "unknown" }
  | { readonly kind: "damaged" };

const known = new Set(["system", "assistant", "user", "result"]);

/** Never throws. `jitless`: zod does not compile what checks it, which takes as long as checking some hundred lines without. */
export function parseClaudeLine(line: TextLine, options: { readonly jitless?: boolean } = {}): ClaudeLine {
  if (line.truncated) return { kind: "damaged" };
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    return { kind: "damaged" };
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return { kind: "damaged" };
  if (typeof value.type !== "string" || !known.has(value.type)) return { kind: "unknown" };
  const parsed = messageSchema.safeParse(value, { jitless: options.jitless ?? false });
  return parsed.success ? { kind: "message", message: parsed.data } : { kind: "damaged" };
}

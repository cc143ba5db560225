import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";

const requestSchema = z.looseObject({
  model: z.string().default("claude-scripted"),
  stream: z.boolean().optional(),
  system: z.unknown().optional(),
  messages: z.array(z.unknown()).default([]),
  tools: z.array(z.looseObject({ name: z.string() })).default([]),
  metadata: z.looseObject({ user_id: z.string() }).optional(),
});
/** What the scripted model looks at in a request. */
export type ModelRequest = z.infer<typeof requestSchema>;

export function parseBody(text: string): ModelRequest | undefined {
  try {
    return requestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The agent's loop asks with tools it can run; titles, quota checks and summaries ask without. */
export function isMainLoop(method: string | undefined, path: string, body: ModelRequest | undefined): boolean {
  if (method !== "POST" || path.split("?")[0] !== "/v1/messages" || body === undefined) return false;
  return body.tools.some((tool) => tool.name === "Bash" || tool.name === "Read");
}

/** Claude Code names its session in a header, and again in the metadata. */
export function sessionOf(headers: IncomingHttpHeaders, body: ModelRequest | undefined): string {
  const header = headers["x-claude-code-session-id"];
  if (typeof header === "string") return header;
  return body?.metadata?.user_id ?? "";
}

/** What an answer repeats of the request: the model, and where the agent says it works. */
export function factsOf(body: ModelRequest): { model: string; cwd: string } {
  const said = /(?:Primary working directory|Working directory|cwd): ([^\n"\\]+)/i.exec(
    JSON.stringify([body.system, body.messages]),
  );
  return { model: body.model, cwd: said?.[1] ?? "/workspace" };
}

import { isUtf8 } from "node:buffer";
import type { AgentCommand, CommandRequest } from "../contained/agent-cli.ts";

const home = "/home/agent";

/**
 * The prompt goes in on stdin, so its size and bytes do not matter. There is nobody to ask for permission and nothing to
 * protect inside: the container is the boundary. The credential is none: the gateway puts the real one, of the same kind, in
 * its place.
 */
export function buildClaudeCommand({
  task,
  credential,
  conversationId,
  workTree,
  modelPort,
}: CommandRequest): AgentCommand {
  const { model, limits, session } = task;
  const id = session?.id ?? conversationId;
  const isText = isUtf8(task.prompt) && task.prompt.length > 0;
  return {
    argv: [
      "claude",
      "--print",
      // Without it the CLI gives up when nothing has come on its stdin after three seconds. It sends the model the same either way.
      ...(isText ? ["--input-format", "stream-json"] : []),
      "--output-format",
      "stream-json",
      "--verbose",
      "--dangerously-skip-permissions",
      session === undefined ? "--session-id" : "--resume",
      id,
      ...(model === undefined ? [] : ["--model", model]),
      ...(limits.maxTurns === undefined ? [] : ["--max-turns", String(limits.maxTurns)]),
      ...(limits.maxCostUsd === undefined ? [] : ["--max-budget-usd", String(limits.maxCostUsd)]),
    ],
    environment: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: home,
      LANG: "C.UTF-8",
      TERM: "dumb",
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${modelPort}`,
      [credential === "api-key" ? "ANTHROPIC_API_KEY" : "CLAUDE_CODE_OAUTH_TOKEN"]: "provided-by-the-gateway",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
    },
    input: isText ? buildMessage(task.prompt) : task.prompt,
    conversation: {
      id,
      // Its own name for the directory it works in (2.1.329).
      file: `${home}/.claude/projects/${workTree.replaceAll(/[^a-zA-Z0-9]/g, "-")}/${id}.jsonl`,
      // Else it would count what earlier tasks have cost to this one, and to its budget.
      omitted: '{"type":"cost-state"',
    },
  };
}

/** A user's message as a line of stream-json; a byte order mark is kept. */
function buildMessage(prompt: Uint8Array): Uint8Array {
  const content = new TextDecoder("utf-8", { ignoreBOM: true }).decode(prompt);
  return Buffer.from(`${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`);
}

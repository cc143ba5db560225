import type { CredentialKind } from "../../core/credential.ts";
import type { Task } from "../../core/task.ts";
import type { AgentCommand } from "../contained/agent-cli.ts";

/**
 * The prompt goes in on stdin, so its size and bytes do not matter. There is nobody to ask for permission and nothing to
 * protect inside: the container is the boundary. The credential is none: the gateway puts the real one, of the same kind, in
 * its place.
 */
export function buildClaudeCommand(task: Task, credential: CredentialKind): AgentCommand {
  const { model, limits } = task;
  return {
    argv: [
      "claude",
      "--print",
      "--output-format",
      "stream-json",
      "--verbose",
      "--dangerously-skip-permissions",
      ...(model === undefined ? [] : ["--model", model]),
      ...(limits.maxTurns === undefined ? [] : ["--max-turns", String(limits.maxTurns)]),
      ...(limits.maxCostUsd === undefined ? [] : ["--max-budget-usd", String(limits.maxCostUsd)]),
    ],
    environment: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/home/agent",
      LANG: "C.UTF-8",
      TERM: "dumb",
      ANTHROPIC_BASE_URL: "http://127.0.0.1:{modelPort}",
      [credential === "api-key" ? "ANTHROPIC_API_KEY" : "CLAUDE_CODE_OAUTH_TOKEN"]: "provided-by-the-gateway",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
    },
  };
}

import type { AgentCli } from "../contained/agent-cli.ts";
import { buildClaudeCommand } from "./claude-command.ts";

/** Claude Code. */
export const claudeCli: AgentCli = {
  name: "claude",
  buildCommand: buildClaudeCommand,
  loadReading: async () => (await import("./claude-reading.ts")).claudeReading,
};

import type { AgentCli } from "../contained/agent-cli.ts";
import { buildClaudeCommand } from "./claude-command.ts";
import { openClaudeReader } from "./claude-reader.ts";
import { judgeClaude } from "./claude-verdict.ts";

/** Claude Code. */
export const claudeCli: AgentCli = {
  name: "claude",
  buildCommand: buildClaudeCommand,
  openReader: openClaudeReader,
  judge: judgeClaude,
};

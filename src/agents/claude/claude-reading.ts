import type { AgentReading } from "../contained/agent-cli.ts";
import { openClaudeReader } from "./claude-reader.ts";
import { judgeClaude } from "./claude-verdict.ts";

/** How Claude Code's output is understood. */
export const claudeReading: AgentReading = { openReader: openClaudeReader, judge: judgeClaude };

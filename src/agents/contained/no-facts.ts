import type { AgentFacts } from "./agent-cli.ts";

/** Of an agent CLI that has said nothing. */
export const noFacts: AgentFacts = {
  sessionId: null,
  model: null,
  version: null,
  turns: 0,
  toolCalls: {},
  costUsd: null,
  result: null,
};

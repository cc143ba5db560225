import type { Agent } from "../core/agent.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { Repository } from "../git/repository.ts";
import { quote } from "../util/quote.ts";
import { formatSuggestion } from "../util/suggest.ts";
import { createContainedAgent } from "./contained/contained-agent.ts";
import type { ContainedSettings } from "./contained/contained-settings.ts";

const factories: Readonly<Record<string, (settings: ContainedSettings) => Agent<Repository>>> = {
  claude: (settings) =>
    createContainedAgent("claude", async () => (await import("./claude/claude-cli.ts")).claudeCli, settings),
};

export const agentNames: readonly string[] = Object.keys(factories);

/** Throws AGENT_UNKNOWN, with the names there are. */
export function createAgent(name: string, settings: ContainedSettings): Agent<Repository> {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory !== undefined) return factory(settings);
  const message = `There is no agent ${quote(name)}.${formatSuggestion(name, agentNames)}`;
  throw new WorkerError("AGENT_UNKNOWN", message, { hint: `Known agents: ${agentNames.join(", ")}.` });
}

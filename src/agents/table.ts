import type { Agent } from "../core/agent.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { Repository } from "../git/repository.ts";
import { quote } from "../util/quote.ts";
import { formatSuggestion } from "../util/suggest.ts";
import type { AgentCli } from "./contained/agent-cli.ts";
import { createContainedAgent } from "./contained/contained-agent.ts";
import type { ContainedSettings } from "./contained/contained-settings.ts";

/** Agents whose CLI runs in a container. */
const contained: Readonly<Record<string, () => Promise<AgentCli>>> = {
  claude: async () => (await import("./claude/claude-cli.ts")).claudeCli,
};

const factories: Readonly<Record<string, (settings: ContainedSettings) => Agent<Repository>>> = Object.fromEntries(
  Object.entries(contained).map(([name, loadCli]) => [
    name,
    (settings: ContainedSettings) => createContainedAgent(name, loadCli, settings),
  ]),
);

export const agentNames: readonly string[] = Object.keys(factories);

/** Throws AGENT_UNKNOWN where it is none that runs in a container. */
export async function loadAgentCli(name: string): Promise<AgentCli> {
  const load = Object.hasOwn(contained, name) ? contained[name] : undefined;
  if (load === undefined) throw new WorkerError("AGENT_UNKNOWN", `The agent ${quote(name)} has no container.`);
  return load();
}

/** Throws AGENT_UNKNOWN, with the names there are. */
export function createAgent(name: string, settings: ContainedSettings): Agent<Repository> {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory !== undefined) return factory(settings);
  const message = `There is no agent ${quote(name)}.${formatSuggestion(name, agentNames)}`;
  throw new WorkerError("AGENT_UNKNOWN", message, { hint: `Known agents: ${agentNames.join(", ")}.` });
}

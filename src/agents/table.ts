import type { Agent } from "../core/agent.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { Repository } from "../git/repository.ts";
import { suggest } from "../util/suggest.ts";
import { claudeCli } from "./claude/claude-cli.ts";
import { createContainedAgent } from "./contained/contained-agent.ts";
import type { ContainedSettings } from "./contained/contained-settings.ts";

const factories: Readonly<Record<string, (settings: ContainedSettings) => Agent<Repository>>> = {
  claude: (settings) => createContainedAgent(claudeCli, settings),
};

export const agentNames: readonly string[] = Object.keys(factories);

/** Throws AGENT_UNKNOWN, with the names there are. */
export function createAgent(name: string, settings: ContainedSettings): Agent<Repository> {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory !== undefined) return factory(settings);
  const near = suggest(name, agentNames);
  throw new WorkerError(
    "AGENT_UNKNOWN",
    `There is no agent ${JSON.stringify(name)}.${near === undefined ? "" : ` Did you mean ${near}?`}`,
    {
      hint: `Known agents: ${agentNames.join(", ")}.`,
    },
  );
}

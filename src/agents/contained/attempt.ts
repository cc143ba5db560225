import type { AgentEvent, AgentResult } from "../../core/agent-event.ts";
import type { AgentContext, AgentPreparation } from "../../core/agent.ts";
import type { Task } from "../../core/task.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Repository } from "../../git/repository.ts";
import type { AgentCli, AgentFacts, AgentReader, Verdict } from "./agent-cli.ts";
import type { Clock } from "./clock.ts";
import type { ContainedSettings } from "./contained-settings.ts";
import { noFacts } from "./no-facts.ts";
import type { PreparedEngine } from "./prepare-engine.ts";

/** An attempt whose branch may still have to be reserved: its container is made, but not started. */
export interface EarlyAttempt extends AgentPreparation<Repository> {
  readonly cli: AgentCli;
  readonly engine: PreparedEngine;
  readonly settings: ContainedSettings;
  readonly emit: (event: AgentEvent) => Promise<void>;
  /** Resolves when the branch is reserved. */
  readonly context: Promise<AgentContext<Repository>>;
}

export interface Attempt {
  readonly settings: ContainedSettings;
  readonly task: Task;
  readonly emit: (event: AgentEvent) => Promise<void>;
  readonly context: AgentContext<Repository>;
}

/** What an attempt finds out as it goes on; the result is made of it, however far it came. */
export interface Progress {
  readonly clock: Clock;
  /** What the agent CLI says; null as long as its container was not started. */
  reader: AgentReader | null;
  gateway: Gateway | null;
  /** What the container is and found out of itself; null as long as it is not ready. */
  container: AgentResult["container"];
  /** Called when the agent shows a sign of life, on its output or through the gateway. */
  onActivity: () => void;
}

export function buildResult(
  { cli, task }: Pick<EarlyAttempt, "cli" | "task">,
  { clock, reader, gateway, container }: Progress,
  end: Verdict & { readonly commit: string | null },
): AgentResult {
  const facts = reader?.facts() ?? noFacts;
  return {
    ...end,
    agent: {
      name: cli.name,
      version: facts.version,
      model: facts.model ?? task.model ?? null,
      sessionId: facts.sessionId,
    },
    container,
    usage: buildUsage(facts, gateway),
    timings: clock.timings(),
  };
}

/** Turns, tools and cost as the CLI states them; tokens as the gateway counted them in the provider's answers. */
export function buildUsage({ turns, toolCalls, costUsd }: AgentFacts, gateway: Gateway | null): AgentResult["usage"] {
  const tokens = gateway?.usage();
  return {
    turns,
    inputTokens: tokens?.inputTokens ?? 0,
    outputTokens: tokens?.outputTokens ?? 0,
    cacheReadTokens: tokens?.cacheReadTokens ?? 0,
    cacheWriteTokens: tokens?.cacheWriteTokens ?? 0,
    costUsd,
    toolCalls: { ...toolCalls },
  };
}

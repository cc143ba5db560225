import type { Task } from "../../../core/task.ts";
import type { Repository } from "../../../git/repository.ts";
import type { AgentCli } from "../agent-cli.ts";
import { buildCommand } from "../build-order.ts";
import type { ContainedSettings } from "../contained-settings.ts";

/** Everything that decides which waiting agent a task may have. */
export interface WarmKeyParts {
  readonly cli: AgentCli;
  readonly settings: ContainedSettings;
  readonly repository: Pick<Repository, "path">;
  readonly base: string;
  readonly task: Pick<Task, "prompt" | "model" | "limits" | "session">;
}

/** Equal for tasks that one and the same waiting agent could be given; the day is what the agent CLI tells the model. */
export function buildWarmKey({ cli, settings, repository, base, task }: WarmKeyParts, now = new Date()): string {
  const { argv, environment } = buildCommand({ cli, settings, repository, task, conversationId: "any" });
  const day = now.toISOString().slice(0, 10);
  return JSON.stringify([repository.path, base, cli.name, argv, environment, day]);
}

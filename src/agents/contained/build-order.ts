import { basename } from "node:path";
import { modelPort } from "../../container/container-order.ts";
import type { ContainerOrder } from "../../container/container-order.ts";
import type { Launch } from "../../container/launch-script.ts";
import type { Task } from "../../core/task.ts";
import type { Repository } from "../../git/repository.ts";
import type { AgentCli, AgentCommand } from "./agent-cli.ts";
import { buildCommitMessage } from "./commit-message.ts";
import type { ContainedSettings } from "./contained-settings.ts";

interface CommandParts {
  readonly cli: AgentCli;
  readonly settings: ContainedSettings;
  readonly repository: Pick<Repository, "path">;
  readonly task: Pick<Task, "prompt" | "model" | "limits" | "session">;
  readonly conversationId: string;
}

export function buildCommand({ cli, settings, repository, task, conversationId }: CommandParts): AgentCommand {
  return cli.buildCommand({
    task,
    credential: settings.upstream.credential.kind,
    conversationId,
    workTree: `/workspace/${toDirectoryName(repository.path)}`,
    modelPort,
  });
}

interface OrderParts {
  readonly settings: ContainedSettings;
  readonly repository: Pick<Repository, "path">;
  readonly base: string;
  readonly task: Pick<Task, "runId" | "title">;
  readonly command: AgentCommand;
}

export function buildOrder({ settings, repository, base, task, command }: OrderParts): ContainerOrder {
  return {
    mode: "run",
    directory: toDirectoryName(repository.path),
    base,
    modelPort,
    conversation: command.conversation.file,
    author: settings.author,
    commitMessage: buildCommitMessage(task),
  };
}

/** `isContinued`: an earlier conversation is mounted, and goes on. */
export function buildLaunch(
  { argv, environment, conversation }: AgentCommand,
  isContinued: boolean,
): Omit<Launch, "directory"> {
  return { argv, environment, continued: isContinued ? conversation : null };
}

/** The agent should see the repository's own name. */
function toDirectoryName(path: string): string {
  const name = basename(path)
    .replace(/\.git$/, "")
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[.-]+/, "");
  return name === "" ? "repository" : name;
}

import { preloadEngine } from "../../container/engine.ts";
import type { AgentEvent } from "../../core/agent-event.ts";
import type { Agent } from "../../core/agent.ts";
import type { Repository } from "../../git/repository.ts";
import { createChannel } from "../../util/channel.ts";
import type { AgentCli } from "./agent-cli.ts";
import type { ContainedSettings } from "./contained-settings.ts";
import { runAttempt } from "./run-attempt.ts";

/** An agent whose CLI runs in a locked-down container on this machine. */
export function createContainedAgent(cli: AgentCli, settings: ContainedSettings): Agent<Repository> {
  preloadEngine();
  return {
    name: cli.name,
    async *run(task, context) {
      const channel = createChannel<AgentEvent>();
      const left = new AbortController();
      const signal = AbortSignal.any([context.signal, left.signal]);
      const emit = (event: AgentEvent): Promise<void> => channel.push(event);
      const attempt = runAttempt({ cli, settings, task, context: { ...context, signal }, emit });
      const closed = attempt.finally(() => channel.close());
      closed.catch(() => undefined);
      try {
        yield* channel;
      } finally {
        // A consumer that leaves early waits here until the container is gone.
        left.abort("SIGTERM");
        channel.close();
        await closed;
      }
    },
  };
}

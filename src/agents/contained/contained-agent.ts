import { preloadEngine } from "../../container/engine.ts";
import type { AgentEvent } from "../../core/agent-event.ts";
import type { Agent } from "../../core/agent.ts";
import type { Repository } from "../../git/repository.ts";
import { createChannel } from "../../util/channel.ts";
import type { AgentCli } from "./agent-cli.ts";
import type { ContainedSettings } from "./contained-settings.ts";
import type { runAttempt as RunAttempt } from "./run-attempt.ts";

/** What is loaded only when an agent runs: most of the program. */
interface Loaded {
  readonly cli: AgentCli;
  readonly runAttempt: typeof RunAttempt;
}

/** An agent whose CLI runs in a locked-down container on this machine. */
export function createContainedAgent(
  name: string,
  loadCli: () => Promise<AgentCli>,
  settings: ContainedSettings,
): Agent<Repository> {
  const loading = loadSoon(loadCli);
  // Whoever runs the agent hears of a failure.
  loading.catch(() => undefined);
  return {
    name,
    async *run(task, context) {
      const channel = createChannel<AgentEvent>();
      const left = new AbortController();
      const signal = AbortSignal.any([context.signal, left.signal]);
      const emit = (event: AgentEvent): Promise<void> => channel.push(event);
      const { cli, runAttempt } = await loading;
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

/** Not at once but in the next turn: the repository is asked first, and git works while this keeps the processor busy. */
async function loadSoon(loadCli: () => Promise<AgentCli>): Promise<Loaded> {
  await new Promise((resolve) => setImmediate(resolve));
  preloadEngine();
  const [cli, { runAttempt }] = await Promise.all([loadCli(), import("./run-attempt.ts")]);
  return { cli, runAttempt };
}

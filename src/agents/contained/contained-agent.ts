import { preloadEngine } from "../../container/engine.ts";
import type { AgentEvent } from "../../core/agent-event.ts";
import type { Agent } from "../../core/agent.ts";
import type { Repository } from "../../git/repository.ts";
import { createChannel } from "../../util/channel.ts";
import type { AgentCli } from "./agent-cli.ts";
import type { Attempt } from "./attempt.ts";
import type { ContainedSettings } from "./contained-settings.ts";
import type { PreparedEngine } from "./prepare-engine.ts";
import type { runAttempt as RunAttempt } from "./run-attempt.ts";

/** An agent whose CLI runs in a locked-down container on this machine. */
export function createContainedAgent(
  name: string,
  loadCli: () => Promise<AgentCli>,
  settings: ContainedSettings,
): Agent<Repository> {
  return {
    name,
    run: (task, context) => run(prepare(loadCli, settings, context.signal), { settings, task, context }),
    prepare(signal) {
      const prepared = prepareSoon(loadCli, settings, signal);
      // Whoever runs the agent hears of a failure.
      prepared.catch(() => undefined);
      return { run: (task, context) => run(prepared, { settings, task, context }) };
    },
  };
}

async function* run(
  prepared: Promise<Prepared>,
  { settings, task, context }: Pick<Attempt, "settings" | "task" | "context">,
): AsyncGenerator<AgentEvent> {
  const channel = createChannel<AgentEvent>();
  const left = new AbortController();
  const signal = AbortSignal.any([context.signal, left.signal]);
  const emit = (event: AgentEvent): Promise<void> => channel.push(event);
  const { cli, engine, runAttempt } = await prepared;
  const attempt = runAttempt({ cli, engine, settings, task, context: { ...context, signal }, emit });
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
}

/** What a run needs before it can do anything; it changes nothing anywhere. */
interface Prepared {
  readonly cli: AgentCli;
  readonly runAttempt: typeof RunAttempt;
  readonly engine: PreparedEngine;
}

/** Loads most of the program, and asks the engine for the image. */
async function prepare(
  loadCli: () => Promise<AgentCli>,
  settings: ContainedSettings,
  signal: AbortSignal,
): Promise<Prepared> {
  preloadEngine();
  const [cli, { runAttempt }, { prepareEngine }] = await Promise.all([
    loadCli(),
    import("./run-attempt.ts"),
    import("./prepare-engine.ts"),
  ]);
  return { cli, runAttempt, engine: prepareEngine(settings, signal) };
}

/** A moment later: the repository is asked first, and git works while this keeps the processor busy. */
async function prepareSoon(...parts: Parameters<typeof prepare>): Promise<Prepared> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return prepare(...parts);
}

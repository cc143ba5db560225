import type { AgentEvent } from "../../core/agent-event.ts";
import type { Agent, AgentContext, AgentPreparation, PreparedAgent } from "../../core/agent.ts";
import type { Repository } from "../../git/repository.ts";
import { createChannel } from "../../util/channel.ts";
import type { AgentCli } from "./agent-cli.ts";
import type { EarlyAttempt } from "./attempt.ts";
import type { ContainedSettings } from "./contained-settings.ts";

/** What an agent that runs in a container is made of. */
interface Parts {
  readonly loadCli: () => Promise<AgentCli>;
  readonly settings: ContainedSettings;
}

/** An agent whose CLI runs in a locked-down container on this machine. */
export function createContainedAgent(
  name: string,
  loadCli: () => Promise<AgentCli>,
  settings: ContainedSettings,
): Agent<Repository> {
  const parts = { loadCli, settings };
  return {
    name,
    async *run(task, context) {
      await using prepared = prepare(parts, {
        ...context,
        task,
        place: Promise.resolve(context),
        base: Promise.resolve(context.base),
      });
      yield* prepared.run(task, context);
    },
    prepare: (preparation) => prepare(parts, preparation),
  };
}

function prepare(parts: Parts, preparation: AgentPreparation<Repository>): PreparedAgent<Repository> {
  const channel = createChannel<AgentEvent>();
  const left = new AbortController();
  const reserved = Promise.withResolvers<AgentContext<Repository>>();
  for (const promise of [preparation.place, preparation.base, reserved.promise]) promise.catch(() => undefined);
  const attempted = attemptSoon(parts, {
    ...preparation,
    signal: AbortSignal.any([preparation.signal, left.signal]),
    context: reserved.promise,
    emit: (event) => channel.push(event),
  }).finally(() => channel.close());
  attempted.catch(() => undefined);
  /** Waits until the container is gone. */
  const leave = (): Promise<void> => {
    left.abort("SIGTERM");
    reserved.reject("SIGTERM");
    channel.close();
    return attempted;
  };
  return {
    async *run(_task, context) {
      reserved.resolve({ ...context, signal: AbortSignal.any([context.signal, left.signal]) });
      try {
        yield* channel;
      } finally {
        await leave();
      }
    },
    // Whoever ran the agent has heard of a failure.
    [Symbol.asyncDispose]: () => leave().catch(() => undefined),
  };
}

/** Loads most of the program, asks the engine for the image, and attempts the task. */
async function attemptSoon(
  { loadCli, settings }: Parts,
  early: Omit<EarlyAttempt, "cli" | "engine" | "settings">,
): Promise<void> {
  const { prepareEngine } = await import("./prepare-engine.ts");
  const engine = prepareEngine(settings, early.signal);
  // It is asked before the rest is loaded, and answers meanwhile.
  await Promise.allSettled([engine.engine, early.place]);
  const [cli, { runAttempt }] = await Promise.all([loadCli(), import("./run-attempt.ts")]);
  await runAttempt({ ...early, cli, settings, engine });
}

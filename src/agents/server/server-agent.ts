import { setTimeout as sleep } from "node:timers/promises";
import type { AgentPreparation, PreparedAgent } from "../../core/agent.ts";
import type { RemoteAgent } from "../../core/remote-run.ts";
import type { Repository } from "../../git/repository.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { ResumedRun } from "./take-up-task.ts";

/** An agent on a task server: push the base, submit, follow, fetch. `name` is that of the agent there. Loads nothing before it is needed. */
export function createServerAgent(
  name: string,
  settings: ServerSettings,
  resumed?: ResumedRun,
): RemoteAgent<Repository> {
  const prepare = (preparation: Pick<AgentPreparation<Repository>, "place" | "signal">): PreparedAgent<Repository> => {
    const loading = load();
    const opening = loading.then(({ openEarly }) => openEarly({ ...preparation, settings, resumed }));
    opening.catch(() => undefined);
    return {
      async *run(task, context) {
        const [{ runOnServer }, early] = await Promise.all([loading, opening]);
        yield* runOnServer({ task, context, settings, resumed, early });
      },
      async [Symbol.asyncDispose]() {
        const early = await opening.catch(() => undefined);
        await early?.[Symbol.asyncDispose]();
      },
    };
  };
  return {
    name,
    prepare,
    async *run(task, context) {
      await using prepared = prepare({ place: Promise.resolve(context), signal: context.signal });
      yield* prepared.run(task, context);
    },
    async submit(task, context) {
      const { submitToServer } = await import("./submit-to-server.ts");
      await submitToServer({ task, context, settings });
    },
  };
}

async function load() {
  // A moment later: the repository is asked first, and git works while this keeps the processor busy.
  await sleep(2);
  const [{ openEarly }, { runOnServer }] = await Promise.all([import("./early.ts"), import("./run-on-server.ts")]);
  return { openEarly, runOnServer };
}

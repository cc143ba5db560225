import type { RemoteAgent } from "../../core/remote-run.ts";
import type { Repository } from "../../git/repository.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { ResumedRun } from "./take-up-task.ts";

/** An agent on a task server: push the base, submit, follow, fetch. `name` is that of the agent there. Loads nothing before it runs. */
export function createServerAgent(
  name: string,
  settings: ServerSettings,
  resumed?: ResumedRun,
): RemoteAgent<Repository> {
  return {
    name,
    async *run(task, context) {
      const { runOnServer } = await import("./run-on-server.ts");
      yield* runOnServer({ task, context, settings, resumed });
    },
    async submit(task, context) {
      const { submitToServer } = await import("./submit-to-server.ts");
      await submitToServer({ task, context, settings });
    },
  };
}

import type { Agent, AgentContext } from "../../core/agent.ts";
import type { Task } from "../../core/task.ts";
import type { Repository } from "../../git/repository.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { ResumedRun } from "./take-up-task.ts";

export interface ServerAgent extends Agent<Repository> {
  /** Pushes the base and hands the task over, and no more. Where this has resolved the record of the run knows the task. */
  submit(task: Task, context: AgentContext<Repository>): Promise<void>;
}

/** An agent on a task server: push the base, submit, follow, fetch. `name` is that of the agent there. Loads nothing before it runs. */
export function createServerAgent(name: string, settings: ServerSettings, resumed?: ResumedRun): ServerAgent {
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

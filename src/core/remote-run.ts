import { z } from "zod";
import type { Agent, AgentContext } from "./agent.ts";
import type { Task } from "./task.ts";

/** What a run must remember of the task server that carries it out, so that it can be taken up again. */
export const remoteRunSchema = z.object({
  /** The server, without a slash at its end. */
  url: z.string(),
  /** Sent with every try to hand the task over: however often it arrives, it is one task. */
  idempotencyKey: z.string(),
  /** What the repository is called there. */
  repositoryKey: z.string(),
  /** The commit that the task starts from. */
  base: z.string(),
  /** null: nobody knows yet whether the server has the task. */
  taskId: z.string().nullable(),
  /** The server has the task, or may have it. */
  sent: z.boolean(),
  /** Some process follows it, or was killed while it did. */
  followed: z.boolean(),
  /** Which log the events are in; null: not known yet. */
  epoch: z.string().nullable(),
  /** The task's end is known here and its work was fetched: nothing is left to be collected. */
  settled: z.boolean(),
});
export type RemoteRun = z.infer<typeof remoteRunSchema>;

/** An agent that need not be waited for. */
export interface RemoteAgent<Repository> extends Agent<Repository> {
  /** Hands the task over, and no more. When this has resolved, the record of the run knows where the task is. */
  submit(task: Task, context: AgentContext<Repository>): Promise<void>;
}

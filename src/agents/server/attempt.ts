import type { AgentEvent } from "../../core/agent-event.ts";
import type { AgentContext } from "../../core/agent.ts";
import type { RemoteRun } from "../../core/remote-run.ts";
import type { Task } from "../../core/task.ts";
import type { Repository } from "../../git/repository.ts";
import type { HttpClient } from "./http-client.ts";
import type { Early } from "./early.ts";
import type { ServerSettings } from "./server-settings.ts";

/** A task on its way through a server. */
export interface Attempt extends Pick<Early, "clients" | "notes" | "ranked" | "repositoryKey"> {
  readonly task: Task;
  readonly context: AgentContext<Repository>;
  readonly settings: ServerSettings;
  readonly emit: (event: AgentEvent) => Promise<void>;
  /** What was kept last; null: no server was spoken to about this task. */
  remote: RemoteRun | null;
}

/** A task that a server has. */
export interface Delivered {
  readonly client: HttpClient;
  readonly run: RemoteRun & { readonly taskId: string };
}

/** Keeps what must outlive this process. A disk that refuses is told only where `isNeeded`. */
export async function saveRemote(
  attempt: Attempt,
  run: RemoteRun,
  { request, isNeeded = false }: { readonly request?: string; readonly isNeeded?: boolean } = {},
): Promise<void> {
  attempt.remote = run;
  try {
    await attempt.context.logs.remote?.(run, request);
  } catch (error) {
    if (isNeeded) throw error;
  }
}

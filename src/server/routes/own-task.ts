import { taskResourceSchema } from "../../protocol/task-resource.ts";
import type { TaskResource } from "../../protocol/task-resource.ts";
import { isTerminal } from "../../protocol/task-state.ts";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { ProblemError } from "../http/problem-error.ts";
import type { RouteParts } from "../server-parts.ts";

/** The owner's task. Throws NOT_FOUND, also where it is somebody else's. */
export async function readOwnTask(
  { store }: Pick<RouteParts, "store">,
  owner: string,
  id: string,
): Promise<StoredTask> {
  const task = await store.read(id);
  if (task === null || task.owner !== owner) throw new ProblemError("NOT_FOUND");
  return task;
}

/** Throws NOT_FINISHED. */
export function requireEnd(task: StoredTask): void {
  if (!isTerminal(task.state)) throw new ProblemError("NOT_FINISHED", { headers: { "Retry-After": "2" } });
}

/** Without what only the server knows. */
export function toTaskResource(task: StoredTask): TaskResource {
  return taskResourceSchema.parse(task);
}

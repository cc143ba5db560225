import type { Store } from "../../store/store.ts";
import type { StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import type { Repositories } from "../repositories/repositories.ts";

export interface TaskRemovalParts {
  readonly store: Pick<TaskStore, "listRuns" | "remove">;
  readonly repositories: Pick<Repositories, "locate" | "unpublish">;
  /** The records of attempts. */
  readonly runs: Pick<Store, "removeRun">;
}

/**
 * Removes a task that has ended with all that is kept of it: the records of its attempts, its result, events and report. The store comes
 * last: it alone knows where the rest is, so that what fails can be tried again.
 */
export async function removeTask({ store, repositories, runs }: TaskRemovalParts, task: StoredTask): Promise<void> {
  const runIds = await store.listRuns(task.id);
  await Promise.all(runIds.map((id) => runs.removeRun(id)));
  await repositories.unpublish(repositories.locate(task.owner, task.request.repository), task.id);
  await store.remove(task.id);
}

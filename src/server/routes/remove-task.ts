import type { StoredTask } from "../../store/tasks/task-store.ts";
import { taskIdSchema } from "../../protocol/identifiers.ts";
import type { RouteParts } from "../server-parts.ts";

const pageEvents = 1_000;

/** Removes a task that has ended with all that is kept of it: events, report, result, and the records of its attempts. */
export async function removeTask(parts: RouteParts, task: StoredTask): Promise<void> {
  const { store, repositories, runs } = parts;
  const runIds = await listRuns(parts, task.id);
  await store.remove(task.id);
  await repositories.unpublish(repositories.locate(task.owner, task.request.repository), task.id);
  await Promise.all(runIds.map((id) => runs.removeRun(id)));
}

/** The run ids of its attempts: every event names its own. */
async function listRuns({ store }: Pick<RouteParts, "store">, id: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let after = 0; ; after += pageEvents) {
    const page = await store.readEvents(id, { after, limit: pageEvents });
    for (const { text } of page?.events ?? []) {
      const runId = taskIdSchema.safeParse(/"runId":"([^"]*)"/.exec(text.slice(0, 100))?.[1]);
      if (runId.success) found.add(runId.data);
    }
    if (page === null || page.events.length < pageEvents) return [...found];
  }
}

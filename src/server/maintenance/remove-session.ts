import { rm } from "node:fs/promises";
import type { TaskStore } from "../../store/tasks/task-store.ts";

/** Removes a conversation with its file; false where there is none. */
export async function removeSession(
  store: Pick<TaskStore, "removeSession">,
  { owner, id }: { readonly owner: string; readonly id: string },
): Promise<boolean> {
  const removed = await store.removeSession(owner, id);
  if (removed !== null) await rm(removed.file, { force: true });
  return removed !== null;
}

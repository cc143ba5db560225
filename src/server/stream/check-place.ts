import type { StoredTask } from "../../store/tasks/task-store.ts";
import type { PlaceQuery } from "./event-query.ts";

/** Undefined: the reader can go on where it says it is. Otherwise why it must begin anew, for people. */
export function checkPlace(task: StoredTask, { after, epoch }: PlaceQuery): string | undefined {
  if (epoch !== undefined && epoch !== task.epoch) return "The events are in another log now; begin anew.";
  if (after > task.lastSeq) return `There are ${task.lastSeq} events; begin anew.`;
  return undefined;
}

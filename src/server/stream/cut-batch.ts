import type { EventRow, TaskStore } from "../../store/tasks/task-store.ts";

type FoundEvents = NonNullable<Awaited<ReturnType<TaskStore["readEvents"]>>>;

/** The first of the events that were found, up to the one with which they reach `maxBytes`; at least one where there is any. */
export function cutBatch(
  { events, complete }: FoundEvents,
  maxBytes: number,
): {
  readonly events: readonly EventRow[];
  readonly bytes: number;
  /** No event will follow these. */
  readonly done: boolean;
} {
  let bytes = 0;
  for (const [index, { text }] of events.entries()) {
    bytes += Buffer.byteLength(text);
    if (bytes >= maxBytes) {
      const kept = events.slice(0, index + 1);
      return { events: kept, bytes, done: complete && kept.length === events.length };
    }
  }
  return { events, bytes, done: complete };
}

import type { Batch, EventFeed } from "./event-feed.ts";

export interface Cursor {
  readonly feed: EventFeed;
  readonly taskId: string;
  /** The seq after which to begin. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/**
 * The one reader of a connection: batch after batch from the store, whether they were there before or are only coming. Ends
 * with the batch that is `done`; without one where the task is gone, and when aborted.
 */
export async function* readCursor({ feed, taskId, after, signal }: Cursor): AsyncGenerator<Batch> {
  using reader = feed.open(taskId);
  let last = after;
  for (;;) {
    const batch = await reader.next(last, signal);
    if (batch === null || batch === undefined) return;
    yield batch;
    if (batch.done) return;
    last = batch.events.at(-1)?.seq ?? last;
  }
}

import type { StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import { cutBatch } from "./cut-batch.ts";
import type { EventFeed } from "./event-feed.ts";
import type { EventQuery } from "./event-query.ts";
import type { StreamOptions } from "./stream-options.ts";

export interface PageParts {
  readonly store: Pick<TaskStore, "readEvents">;
  readonly feed: EventFeed;
  readonly options: Pick<StreamOptions, "maxWaitMs" | "pageBytes">;
}

export interface PageRequest {
  readonly task: StoredTask;
  readonly query: Pick<EventQuery, "after" | "limit" | "wait">;
  readonly signal: AbortSignal;
}

/** The text of an `eventPageSchema`, with the events' own texts in it; null where the task is gone. */
export async function buildPage(parts: PageParts, { task, query, signal }: PageRequest): Promise<string | null> {
  const first = await readPage(parts, task, query);
  if (first === null || query.wait === 0 || first.complete || first.texts.length > 0) return render(task, first);
  await waitForEvent(parts, { task, query, signal });
  return render(task, await readPage(parts, task, query));
}

interface Page {
  readonly texts: readonly string[];
  readonly lastSeq: number;
  readonly complete: boolean;
}

async function readPage(
  { store, options }: PageParts,
  task: StoredTask,
  { after, limit }: PageRequest["query"],
): Promise<Page | null> {
  const found = await store.readEvents(task.id, { after, limit });
  if (found === null) return null;
  const { events, done } = cutBatch(found, options.pageBytes);
  return { texts: events.map(({ text }) => text), lastSeq: found.lastSeq, complete: done };
}

async function waitForEvent({ feed, options }: PageParts, { task, query, signal }: PageRequest): Promise<void> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const timer = setTimeout(stop, Math.min(query.wait, options.maxWaitMs));
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    using reader = feed.open(task.id);
    await reader.next(query.after, waiting.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function render(task: StoredTask, page: Page | null): string | null {
  if (page === null) return null;
  const { texts, lastSeq, complete } = page;
  return `{"epoch":${JSON.stringify(task.epoch)},"events":[${texts.join(",")}],"lastSeq":${lastSeq},"complete":${complete}}`;
}

import { expect } from "vitest";
import type { AgentResult } from "../../../src/core/agent-event.ts";
import { buildEmptyResult } from "../../../src/core/build-empty-result.ts";
import { WorkerError } from "../../../src/core/worker-error.ts";
import { digestEvent, taskEventSchema } from "../../../src/protocol/task-event.ts";
import type { TaskEvent } from "../../../src/protocol/task-event.ts";
import type { TaskRequest } from "../../../src/protocol/task-request.ts";
import type { TerminalState } from "../../../src/protocol/task-state.ts";
import type {
  Claim,
  NewEvent,
  NewTask,
  StoredTask,
  TaskEnding,
  TaskStore,
} from "../../../src/store/tasks/task-store.ts";
import { createUlid } from "../../../src/util/ulid.ts";

/** Where a store keeps its things; gone when it is disposed. */
export interface StorePlace extends Disposable {
  /** Opens the store, again once it was closed. */
  open(options?: { readonly now?: () => number }): Promise<TaskStore>;
}
export type CreatePlace = () => StorePlace;

export const base = "b".repeat(40);
export const leaseMs = 30_000;
export const ts = "2026-01-02T03:04:05.678Z";

export type NewTaskOptions = Partial<Omit<NewTask, "request">> & { readonly request?: Partial<TaskRequest> };

export function newTask({ request, ...rest }: NewTaskOptions = {}): NewTask {
  return {
    owner: "ann",
    title: "Say hello",
    agent: "claude",
    idempotencyKey: undefined,
    bodyHash: "0".repeat(64),
    queueLimit: 10_000,
    ownerLimit: 10_000,
    ...rest,
    request: { task: "Say hello\nto all ☃", repository: { key: "project", base }, ...request },
  };
}

export async function createTask(store: TaskStore, options?: NewTaskOptions): Promise<StoredTask> {
  const result = await store.create(newTask(options));
  if (result.kind !== "created") throw new Error(`not created: ${result.kind}`);
  return result.task;
}

export async function claimNext(store: TaskStore): Promise<{ task: StoredTask; claim: Claim }> {
  const claimed = await store.claim({ leaseMs, runId: createUlid() });
  if (claimed === null) throw new Error("nothing is queued");
  return claimed;
}

export const say = (text: string): NewEvent => ({ ts, type: "message", data: { text } });

export const succeeded: AgentResult = {
  ...buildEmptyResult(new WorkerError("INTERNAL", ""), "claude"),
  outcome: "succeeded",
  reason: null,
  commit: "c".repeat(40),
};

export function ending(state: TerminalState = "succeeded", report: string | null = '{"schema":"x"}'): TaskEnding {
  return { state, result: succeeded, base: null, report, ts };
}

/** All events, page by page; checks that seq is contiguous, that the texts are of this task, and the digest of the end. */
export async function readAllEvents(store: TaskStore, id: string, limit = 7): Promise<readonly TaskEvent[]> {
  const texts: string[] = [];
  for (;;) {
    const page = await store.readEvents(id, { after: texts.length, limit });
    if (page === null) throw new Error(`no task ${id}`);
    expect(page.events.length).toBeLessThanOrEqual(limit);
    for (const { seq, text } of page.events) expect(texts.push(text)).toBe(seq);
    if (page.complete || page.events.length === 0) {
      expect(page.lastSeq).toBe(texts.length);
      break;
    }
  }
  const events = texts.map((text) => taskEventSchema.parse(JSON.parse(text)));
  expect(events.map(({ seq, taskId }) => ({ seq, taskId }))).toEqual(
    texts.map((_, index) => ({ seq: index + 1, taskId: id })),
  );
  const ends = events.filter(({ type }) => type === "complete");
  if (ends.length > 0) {
    const before = texts.slice(0, -1);
    expect(ends).toEqual(events.slice(-1));
    expect(ends[0]?.data["eventCount"]).toBe(before.length);
    expect(ends[0]?.data["eventDigest"]).toBe(before.reduce(digestEvent, ""));
  }
  return events;
}

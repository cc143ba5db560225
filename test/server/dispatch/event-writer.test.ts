import { expect, it } from "vitest";
import { createEventWriter } from "../../../src/server/dispatch/event-writer.ts";
import type { NewEvent } from "../../../src/store/tasks/task-store.ts";

const event = (data: unknown): NewEvent => ({ ts: "", type: "message", data });

/** A store that answers when it is told to. */
function createSlowStore(): {
  append: (events: readonly NewEvent[]) => Promise<boolean>;
  batches: unknown[][];
  answer: (ok: boolean) => void;
} {
  const batches: unknown[][] = [];
  let answer = Promise.withResolvers<boolean>();
  return {
    batches,
    append(events) {
      batches.push(events.map(({ data }) => data));
      answer = Promise.withResolvers<boolean>();
      return answer.promise;
    },
    answer: (ok) => answer.resolve(ok),
  };
}

const settled = async (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

it("gathers what comes while a batch is written, in order", async () => {
  const store = createSlowStore();
  const writer = createEventWriter({ append: store.append, capacity: 10 });
  for (const data of [1, 2, 3]) await writer.push(event(data));
  expect(store.batches).toEqual([[1]]);
  store.answer(true);
  const flushed = writer.flush();
  expect(await settled(flushed)).toBe(false);
  expect(store.batches).toEqual([[1], [2, 3]]);
  store.answer(true);
  await flushed;
});

it("makes who pushes wait where too much waits already", async () => {
  const store = createSlowStore();
  const writer = createEventWriter({ append: store.append, capacity: 2 });
  await writer.push(event(1));
  await writer.push(event(2));
  const third = writer.push(event(3));
  expect(await settled(third)).toBe(false);
  store.answer(true);
  expect(await settled(third)).toBe(false);
  store.answer(true);
  await third;
});

it("drops all once the attempt is over, and keeps nobody waiting", async () => {
  const store = createSlowStore();
  const writer = createEventWriter({ append: store.append, capacity: 1 });
  const first = writer.push(event(1));
  const second = writer.push(event(2));
  store.answer(false);
  await Promise.all([first, second, writer.push(event(3)), writer.flush()]);
  expect(store.batches).toEqual([[1]]);
});

import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { claimNext, createTask, ending, leaseMs, say } from "./support.ts";
import type { CreatePlace } from "./support.ts";

/** Long enough to be told from a wait that ended by itself: the test's own timeout. */
const longMs = 3_600_000;

export function describeHints(createPlace: CreatePlace): void {
  describe("waiting", () => {
    it("ends with each kind of change of the task, when that can be read", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { signal } = new AbortController();
      const { id } = await createTask(store);
      const follow = async <T>(change: () => Promise<T>): Promise<T> => {
        const before = await store.read(id);
        const changed = store.waitForChange(id, longMs, signal).then(() => store.read(id));
        const result = await change();
        expect((await changed)?.revision).toBeGreaterThan(before?.revision ?? 0);
        return result;
      };
      const { claim } = await follow(() => claimNext(store));
      await follow(() => store.release(claim));
      const second = await follow(() => claimNext(store));
      await follow(() => store.advance(second.claim, "running"));
      await follow(() => store.append(second.claim, [say("one")]));
      await follow(() => store.sweep(Date.now() + leaseMs + 1_000));
      const third = await follow(() => claimNext(store));
      await follow(() => store.interrupt(id, "graceful"));
      await follow(() => store.finish(third.claim, ending("cancelled")));
    });

    it("for work ends with a task that is new or back in the queue", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { signal } = new AbortController();
      const first = store.waitForWork(longMs, signal);
      await createTask(store);
      await first;
      const { claim } = await claimNext(store);
      const second = store.waitForWork(longMs, signal);
      await store.release(claim);
      await second;
      await claimNext(store);
      const third = store.waitForWork(longMs, signal);
      await store.sweep(Date.now() + leaseMs + 1_000);
      await third;
      expect((await store.counts()).queued).toBe(1);
    });

    it("ends for a thousand at once, by change, time or abort, and leaves nothing behind", async () => {
      using place = createPlace();
      await using store = await place.open();
      const warnings: Error[] = [];
      const note = (warning: Error): void => void warnings.push(warning);
      process.on("warning", note);
      const { id } = await createTask(store);
      const controller = new AbortController();
      const { signal } = controller;
      const wait = (ms: number) =>
        Array.from({ length: 500 }, () => [store.waitForChange(id, ms, signal), store.waitForWork(ms, signal)]).flat();
      const byChange = wait(longMs);
      await claimNext(store);
      await createTask(store);
      await Promise.all(byChange);
      await Promise.all(wait(1));
      expect(getEventListeners(signal, "abort")).toEqual([]);
      const byAbort = wait(longMs);
      controller.abort(new Error("enough"));
      await Promise.all(byAbort);
      await Promise.all(wait(longMs));
      expect(getEventListeners(signal, "abort")).toEqual([]);
      await new Promise(setImmediate);
      process.off("warning", note);
      expect(warnings).toEqual([]);
    });

    it("ends when the store is closed, and so does what is asked for then", async () => {
      using place = createPlace();
      const store = await place.open();
      const { signal } = new AbortController();
      const { id } = await createTask(store);
      const waits = [store.waitForChange(id, longMs, signal), store.waitForWork(longMs, signal)];
      const lastWrite = createTask(store);
      await store[Symbol.asyncDispose]();
      await Promise.all(waits);
      await store.waitForChange(id, longMs, signal);
      const last = await lastWrite;
      await expect(store.read(id)).rejects.toMatchObject({ code: "STORE_FAILED" });
      await expect(createTask(store)).rejects.toMatchObject({ code: "STORE_FAILED" });
      await store[Symbol.asyncDispose]();
      await using again = await place.open();
      expect(await again.read(last.id)).toEqual(last);
    });
  });
}

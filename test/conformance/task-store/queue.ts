import { describe, expect, it } from "vitest";
import { createUlid } from "../../../src/util/ulid.ts";
import { claimNext, createTask, ending, leaseMs, readAllEvents, say } from "./support.ts";
import type { CreatePlace } from "./support.ts";

export function describeQueue(createPlace: CreatePlace): void {
  describe("the queue", () => {
    it("serves owners in turn, and each owner's oldest task first", async () => {
      using place = createPlace();
      await using store = await place.open();
      const names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"];
      for (const title of names) await createTask(store, { owner: title.slice(0, 1), title });
      const served: string[] = [];
      for (let index = 0; index < 4; index++) served.push((await claimNext(store)).task.title);
      await createTask(store, { owner: "d", title: "d1" });
      for (let index = 0; index < 4; index++) served.push((await claimNext(store)).task.title);
      expect(served).toEqual(["a1", "b1", "c1", "a2", "d1", "b2", "a3", "a4"]);
      expect(await store.claim({ leaseMs, runId: createUlid() })).toBeNull();
    });

    it("gives each task to one of many who ask at once", async () => {
      using place = createPlace();
      await using store = await place.open();
      const made = await Promise.all(Array.from({ length: 40 }, (_, i) => createTask(store, { owner: `o${i % 3}` })));
      const claims = await Promise.all(Array.from({ length: 60 }, () => store.claim({ leaseMs, runId: createUlid() })));
      const ids = claims.flatMap((claimed) => (claimed === null ? [] : [claimed.task.id]));
      expect(ids.toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    });

    it("shows a claimed task with its attempt, fence and lease", async () => {
      using place = createPlace();
      await using store = await place.open({ now: () => 1_000_000 });
      const { id } = await createTask(store);
      const runId = createUlid();
      const claimed = await store.claim({ leaseMs, runId });
      expect(claimed?.claim).toEqual({ taskId: id, fence: 1, attempt: 1, runId });
      expect(claimed?.task).toMatchObject({
        state: "preparing",
        attempt: 1,
        fence: 1,
        leaseUntil: 1_030_000,
        revision: 2,
      });
      expect(claimed?.task.startedAt).toBe(new Date(1_000_000).toISOString());
      expect(await store.counts("ann")).toMatchObject({ queued: 0, active: 1 });
      expect(await store.counts("bob")).toMatchObject({ queued: 0, active: 0 });
    });

    it("takes a task back that is released, first in line, with its attempt not counted", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      await createTask(store);
      const { claim } = await claimNext(store);
      await store.append(claim, [say("one")]);
      expect(await store.release(claim)).toBe(true);
      expect(await store.release(claim)).toBe(false);
      expect(await store.read(id)).toMatchObject({ state: "queued", attempt: 0, leaseUntil: null, startedAt: null });
      const again = await claimNext(store);
      expect(again.task).toMatchObject({ id, attempt: 1 });
      expect(again.claim.fence).toBeGreaterThan(claim.fence);
      await store.finish(again.claim, ending());
      expect((await readAllEvents(store, id)).map(({ type }) => type)).toEqual(["message", "complete"]);
    });

    it("cancels a queued task at once, with an end and no report", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      expect(await store.interrupt(id, "graceful")).toMatchObject({ changed: true, task: { state: "cancelled" } });
      expect(await store.interrupt(id, "force")).toMatchObject({ changed: false, task: { state: "cancelled" } });
      expect(await store.interrupt(createUlid(), "force")).toBeNull();
      expect(await store.read(id)).toMatchObject({
        outcome: "cancelled",
        reason: { code: "CANCELLED" },
        attempt: 0,
        lastSeq: 1,
        hasReport: false,
        endedAt: expect.any(String),
      });
      expect(await readAllEvents(store, id)).toMatchObject([{ type: "complete", attempt: 0, runId: id }]);
      expect(await store.claim({ leaseMs, runId: createUlid() })).toBeNull();
    });

    it("makes a running task `cancelling`, whatever its attempt says then, until it has ended as it ended", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      expect(await store.interrupt(id, "graceful")).toMatchObject({ changed: true, task: { state: "cancelling" } });
      expect(await store.interrupt(id, "force")).toMatchObject({ changed: false, task: { interrupt: "force" } });
      expect(await store.interrupt(id, "graceful")).toMatchObject({ changed: false, task: { interrupt: "force" } });
      expect(await store.advance(claim, "running")).toMatchObject({ state: "cancelling" });
      expect(await store.renew(claim, leaseMs)).toMatchObject({ interrupt: "force" });
      expect(await store.append(claim, [say("stopping")])).toBe(1);
      expect(await store.finish(claim, ending("succeeded"))).toMatchObject({ state: "succeeded" });
    });

    it("cancels what is released after all while it is being cancelled", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      await store.interrupt(id, "graceful");
      expect(await store.release(claim)).toBe(true);
      expect(await store.read(id)).toMatchObject({ state: "cancelled", outcome: "cancelled" });
      expect(await readAllEvents(store, id)).toHaveLength(1);
    });

    it("claims from thousands of tasks in order", async () => {
      using place = createPlace();
      await using store = await place.open();
      const made = await Promise.all(Array.from({ length: 1_500 }, () => createTask(store)));
      for (const { id } of made.slice(0, 50)) expect((await claimNext(store)).task.id).toBe(id);
      expect(await store.counts()).toMatchObject({ queued: 1_450, active: 50 });
    });
  });
}

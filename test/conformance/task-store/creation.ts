import { describe, expect, it } from "vitest";
import { isUlid } from "../../../src/util/ulid.ts";
import { claimNext, createTask, ending, newTask, readAllEvents } from "./support.ts";
import type { CreatePlace } from "./support.ts";

export function describeCreation(createPlace: CreatePlace): void {
  describe("creation", () => {
    it("keeps a task as it was sent, over a restart", async () => {
      using place = createPlace();
      const parent = "01AAAAAAAAAAAAAAAAAAAAAAAA";
      const request = {
        task: "ä\u2028 ☃ 'quoted' \u0000 end",
        model: "big",
        session: "s-1",
        parent,
        labels: { "team/a": "x=y", b: "" },
        limits: { turns: 3 },
        onLost: "fail" as const,
      };
      const first = await place.open();
      const task = await createTask(first, { owner: "bob", request });
      expect(task).toMatchObject({
        owner: "bob",
        state: "queued",
        revision: 1,
        title: "Say hello",
        agent: "claude",
        model: "big",
        session: "s-1",
        parent,
        labels: request.labels,
        request,
        attempt: 0,
        lastSeq: 0,
        fence: 0,
        leaseUntil: null,
        interrupt: null,
        outcome: null,
        commit: null,
        base: null,
        startedAt: null,
        endedAt: null,
        hasReport: false,
        epoch: first.epoch,
      });
      expect(isUlid(task.id)).toBe(true);
      await first[Symbol.asyncDispose]();
      await using second = await place.open();
      expect(await second.read(task.id)).toEqual(task);
      expect(second.epoch).toBe(first.epoch);
      expect(await second.read(parent)).toBeNull();
    });

    it("keeps a prompt of one megabyte", async () => {
      using place = createPlace();
      await using store = await place.open();
      const text = "☃".repeat(349_525);
      const { id } = await createTask(store, { request: { task: text } });
      expect((await store.read(id))?.request.task).toBe(text);
    });

    it("makes one task of fifty simultaneous requests with one key", async () => {
      using place = createPlace();
      await using store = await place.open();
      const results = await Promise.all(
        Array.from({ length: 50 }, () => store.create(newTask({ idempotencyKey: "key-1" }))),
      );
      expect(results.filter(({ kind }) => kind === "created")).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === "replayed")).toHaveLength(49);
      expect(new Set(results.map((result) => "task" in result && result.task.id)).size).toBe(1);
      expect((await store.counts()).queued).toBe(1);
    });

    it("tells a replay from another request, per owner, also when the queue is full and the task has ended", async () => {
      using place = createPlace();
      await using store = await place.open();
      const key = { idempotencyKey: "k", ownerLimit: 1 };
      const { id } = await createTask(store, key);
      expect(await store.create(newTask({ ...key, bodyHash: "f".repeat(64) }))).toEqual({ kind: "mismatch" });
      expect(await store.create(newTask({ ...key }))).toMatchObject({ kind: "replayed", task: { id } });
      const other = await createTask(store, { ...key, owner: "bob" });
      expect(other.id).not.toBe(id);
      const { claim } = await claimNext(store);
      await store.finish(claim, ending());
      const replay = await store.create(newTask({ ...key }));
      expect(replay).toMatchObject({ kind: "replayed", task: { id, state: "succeeded" } });
    });

    it("forgets a key with its task", async () => {
      using place = createPlace();
      await using store = await place.open();
      const first = await createTask(store, { idempotencyKey: "k" });
      await store.interrupt(first.id, "graceful");
      expect(await store.remove(first.id)).toBe(true);
      expect((await createTask(store, { idempotencyKey: "k" })).id).not.toBe(first.id);
    });

    it("takes no more into the queue than its limits, whoever asks at the same time", async () => {
      using place = createPlace();
      await using store = await place.open();
      const limits = { queueLimit: 5, ownerLimit: 3 };
      const many = (owner: string) => Array.from({ length: 10 }, () => store.create(newTask({ owner, ...limits })));
      const anns = await Promise.all(many("ann"));
      expect(anns.map(({ kind }) => kind)).toEqual([...Array(3).fill("created"), ...Array(7).fill("full")]);
      expect(anns[9]).toEqual({ kind: "full", scope: "owner" });
      const bobs = await Promise.all(many("bob"));
      expect(bobs.filter(({ kind }) => kind === "created")).toHaveLength(2);
      expect(bobs[9]).toEqual({ kind: "full", scope: "all" });
      await claimNext(store);
      expect(await store.create(newTask({ owner: "bob", ...limits }))).toMatchObject({ kind: "created" });
    });

    it("removes a task that has ended, with all that is of it, and no other", async () => {
      using place = createPlace();
      await using store = await place.open();
      const task = await createTask(store);
      expect(await store.remove(task.id)).toBe(false);
      const { claim } = await claimNext(store);
      expect(await store.remove(task.id)).toBe(false);
      await store.finish(claim, ending());
      expect(await readAllEvents(store, task.id)).toHaveLength(1);
      expect(await store.remove(task.id)).toBe(true);
      expect(await store.read(task.id)).toBeNull();
      expect(await store.readReport(task.id)).toBeNull();
      expect(await store.readEvents(task.id, { after: 0, limit: 10 })).toBeNull();
      expect(await store.remove(task.id)).toBe(false);
      expect((await store.counts()).byState.succeeded).toBe(0);
    });
  });
}

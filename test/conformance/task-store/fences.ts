import { describe, expect, it } from "vitest";
import { toWorkerError } from "../../../src/core/worker-error.ts";
import { taskStateSchema, transitions, isTerminal } from "../../../src/protocol/task-state.ts";
import type { Claim, TaskStore } from "../../../src/store/tasks/task-store.ts";
import { base, claimNext, createTask, ending, leaseMs, readAllEvents, say } from "./support.ts";
import type { CreatePlace } from "./support.ts";

/** All that an attempt writes, with a claim that is no longer the current one. */
async function expectRefused(store: TaskStore, claim: Claim): Promise<void> {
  const before = await store.read(claim.taskId);
  expect(await store.append(claim, [say("late")])).toBeNull();
  expect(await store.advance(claim, "running", { base })).toBeNull();
  expect(await store.renew(claim, leaseMs)).toBeNull();
  expect(await store.finish(claim, ending())).toBeNull();
  expect(await store.release(claim)).toBe(false);
  expect(await store.read(claim.taskId)).toEqual(before);
}

export function describeFences(createPlace: CreatePlace): void {
  describe("claims", () => {
    it("are lost when the lease is swept, not when it runs out", async () => {
      using place = createPlace();
      let now = 1_000_000;
      await using store = await place.open({ now: () => now });
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      now += leaseMs + 60_000;
      expect(await store.append(claim, [say("still ours")])).toBe(1);
      expect(await store.renew(claim, leaseMs)).toMatchObject({ leaseUntil: now + leaseMs });
      expect(await store.sweep(now + leaseMs)).toEqual([]);
      expect(await store.sweep(now + leaseMs + 1)).toMatchObject([
        { id, state: "queued", attempt: 1, leaseUntil: null },
      ]);
      expect((await store.read(id))?.fence).toBeGreaterThan(claim.fence);
      await expectRefused(store, claim);
      const next = await claimNext(store);
      expect(next.claim.attempt).toBe(2);
      expect(next.claim.fence).toBeGreaterThan(claim.fence);
      await expectRefused(store, claim);
      expect(await store.append(next.claim, [say("two")])).toBe(3);
      await store.finish(next.claim, ending());
      const events = await readAllEvents(store, id);
      expect(events.map(({ type, attempt, runId }) => ({ type, attempt, runId }))).toEqual([
        { type: "message", attempt: 1, runId: claim.runId },
        { type: "attempt.lost", attempt: 1, runId: claim.runId },
        { type: "message", attempt: 2, runId: next.claim.runId },
        { type: "complete", attempt: 2, runId: next.claim.runId },
      ]);
    });

    it("are over with the task's end, which is written once", async () => {
      using place = createPlace();
      await using store = await place.open();
      await createTask(store);
      const { claim } = await claimNext(store);
      const ends = await Promise.all([
        store.finish(claim, ending("succeeded")),
        store.finish(claim, ending("failed")),
        store.append(claim, [say("late")]),
      ]);
      expect(ends).toMatchObject([{ state: "succeeded" }, null, null]);
      await expectRefused(store, claim);
      expect(await store.sweep(Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    it("make a task lost once its attempts are used up, or where it is not to be tried again", async () => {
      using place = createPlace();
      await using store = await place.open();
      const twice = await createTask(store);
      await claimNext(store);
      await store.sweep(Date.now() + leaseMs + 1_000);
      await claimNext(store);
      const once = await createTask(store, { request: { onLost: "fail" } });
      await claimNext(store);
      const swept = await store.sweep(Date.now() + leaseMs + 1_000);
      expect(new Set(swept.map(({ id }) => id))).toEqual(new Set([twice.id, once.id]));
      for (const task of swept) {
        expect(task).toMatchObject({
          state: "lost",
          outcome: "unavailable",
          reason: { code: "TASK_LOST" },
          hasReport: false,
        });
      }
      const types = (await readAllEvents(store, twice.id)).map(({ type }) => type);
      expect(types).toEqual(["attempt.lost", "complete"]);
      expect(await readAllEvents(store, once.id)).toHaveLength(1);
    });

    it("make a task cancelled whose attempt was lost while it was being cancelled", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      await store.interrupt(id, "force");
      expect(await store.sweep(Date.now() + leaseMs + 1_000)).toMatchObject([{ id, state: "cancelled" }]);
      await expectRefused(store, claim);
    });

    it("write state, report and end together, and give them back", async () => {
      using place = createPlace();
      const first = await place.open();
      const { id } = await createTask(first);
      const { claim } = await claimNext(first);
      await first.advance(claim, "running", { base });
      await first.append(claim, [say("one"), say("two")]);
      await first.advance(claim, "finalizing");
      const done = await first.finish(claim, ending());
      expect(done).toMatchObject({
        state: "succeeded",
        outcome: "succeeded",
        reason: null,
        base,
        commit: "c".repeat(40),
        lastSeq: 3,
        leaseUntil: null,
        hasReport: true,
        endedAt: expect.any(String),
      });
      await first[Symbol.asyncDispose]();
      await using second = await place.open();
      expect(await second.read(id)).toEqual(done);
      expect(await second.readReport(id)).toBe('{"schema":"x"}');
      expect((await readAllEvents(second, id)).at(-1)).toMatchObject({
        type: "complete",
        data: { outcome: "succeeded" },
      });
    });

    it("give the base with the end where no step has told it", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      await store.finish(claim, { ...ending(), base });
      expect(await store.read(id)).toMatchObject({ base });
    });

    it("advance along the table of transitions and no other way", async () => {
      using place = createPlace();
      await using store = await place.open();
      const reach = { preparing: [], running: ["running"], finalizing: ["running", "finalizing"] } as const;
      for (const [from, steps] of Object.entries(reach)) {
        for (const to of taskStateSchema.options) {
          await createTask(store);
          const { claim, task } = await claimNext(store);
          for (const step of steps) await store.advance(claim, step);
          const isStep = transitions[from as keyof typeof reach].includes(to) && to !== "queued" && !isTerminal(to);
          const answer = await store.advance(claim, to).then(
            (advanced) => advanced?.state,
            (error: unknown) => toWorkerError(error).code,
          );
          expect(answer).toBe(isStep ? to : "INTERNAL");
          expect(await store.read(task.id)).toMatchObject({ state: isStep ? to : from });
          await store.finish(claim, ending());
        }
      }
    });

    it("undo what fails and leave the others of the same moment alone", async () => {
      using place = createPlace();
      await using store = await place.open();
      const { id } = await createTask(store);
      const { claim } = await claimNext(store);
      const huge = { ...say(""), data: { text: "x".repeat(256 * 1024) } };
      const results = await Promise.allSettled([
        store.append(claim, [say("one")]),
        store.append(claim, [say("gone with the next"), huge]),
        store.append(claim, [{ ...say(""), type: "complete" }]),
        store.finish(claim, { ...ending(), result: { ...ending().result, commit: "no commit" } }),
        store.append(claim, [say("two")]),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      const events = await readAllEvents(store, id);
      expect(events.map(({ data }) => data)).toEqual([{ text: "one" }, { text: "two" }]);
      expect(await store.read(id)).toMatchObject({ state: "preparing", hasReport: false });
    });
  });
}

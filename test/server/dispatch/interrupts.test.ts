import { describe, expect, it } from "vitest";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import { workUntilStopped } from "../../support/scripted-runner.ts";

/** Longer than any test: what is awaited comes from a call and not from a timer. */
const slow = { leaseMs: 600_000, renewMs: 300_000, sweepMs: 300_000 };

describe("a wish to stop", () => {
  it("ends a task that waits in the queue, which no agent ever sees", async () => {
    await using world = await openDispatchWorld();
    const runs: string[] = [];
    await world.start(
      async (run) => {
        runs.push(run.request.task.runId);
        await workUntilStopped(run);
      },
      { ...slow, concurrency: 1 },
    );
    const first = await world.submit();
    await world.reach(first.id, "running");
    const second = await world.submit();
    await world.store.interrupt(second.id, "graceful");
    expect(await world.end(second.id)).toMatchObject({ state: "cancelled", attempt: 0 });
    expect(runs).toHaveLength(1);
    await expectWhole(world.store, second.id);
  });

  it("stops a task whose agent has not started", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(async (run) => void (await run.isStopped()), slow);
    const { id } = await world.submit();
    await world.reach(id, "preparing");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    expect(await world.end(id)).toMatchObject({ state: "cancelled", commit: null });
    await expectWhole(world.store, id);
  });

  it("is seen at once where the dispatcher is woken, and keeps what was done", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(workUntilStopped, slow);
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "cancelled", outcome: "cancelled" });
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    await expectWhole(world.store, id);
  });

  it("is seen with the next renewal where nobody wakes the dispatcher", async () => {
    await using world = await openDispatchWorld();
    await world.start(workUntilStopped, { renewMs: 20 });
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    expect(await world.end(id)).toMatchObject({ state: "cancelled" });
  });

  it("by force also tells the run to wait for nothing", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(async (run) => {
      await run.begin();
      run.commit();
      const killed = Promise.withResolvers<void>();
      run.options.killSignal?.addEventListener("abort", () => killed.resolve());
      await killed.promise;
    }, slow);
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    await world.reach(id, "cancelling");
    await world.store.interrupt(id, "force");
    dispatcher.wake(id);
    expect(await world.end(id)).toMatchObject({ state: "cancelled" });
    await expectWhole(world.store, id);
  });

  it("that comes when the work is done changes nothing of it", async () => {
    await using world = await openDispatchWorld();
    const late = Promise.withResolvers<void>();
    const dispatcher = await world.start(async (run) => {
      await run.begin();
      run.commit();
      await run.emit({ type: "progress", data: { phase: "import" } });
      await late.promise;
      return { outcome: "succeeded" };
    }, slow);
    const { id } = await world.submit();
    await world.reach(id, "finalizing");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    late.resolve();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", outcome: "succeeded" });
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    await expectWhole(world.store, id);
  });
});

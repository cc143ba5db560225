import { describe, expect, it } from "vitest";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import { workUntilStopped, writeFile } from "../../support/scripted-runner.ts";

describe("draining", () => {
  it("claims nothing more and lets what runs end", async () => {
    await using world = await openDispatchWorld();
    const ready = Promise.withResolvers<void>();
    const dispatcher = await world.start(
      async (run) => {
        await run.begin();
        await ready.promise;
        run.commit();
      },
      { concurrency: 1 },
    );
    const first = await world.submit();
    const second = await world.submit();
    await world.reach(first.id, "running");
    const drained = dispatcher.drain(600_000);
    expect(dispatcher.status()).toMatchObject({ draining: true, active: 1 });
    ready.resolve();
    await drained;
    expect(dispatcher.status().active).toBe(0);
    expect((await world.store.read(first.id))?.state).toBe("succeeded");
    expect((await world.store.read(second.id))?.state).toBe("queued");
  });

  it("hands back what no agent has begun, as if nothing had been", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(async (run) => void (await run.isStopped()));
    const { id } = await world.submit();
    await world.reach(id, "preparing");
    await dispatcher.drain(0);
    expect(await world.store.read(id)).toMatchObject({ state: "queued", attempt: 0, leaseUntil: null });
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await world.start(writeFile);
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 1 });
    await expectWhole(world.store, id);
  });

  it("says of what an agent had begun that this attempt was lost, and lets the next server try again", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(workUntilStopped);
    const { id } = await world.submit();
    await world.reach(id, "running");
    await dispatcher.drain(0);
    expect(await world.store.read(id)).toMatchObject({ state: "queued", attempt: 1 });
    expect((await world.readEvents(id)).at(-1)?.type).toBe("attempt.lost");
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await world.start(writeFile);
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    await expectWhole(world.store, id);
  });

  it("lets a run whose work is being brought in end as it does", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(async (run) => {
      await run.begin();
      run.commit();
      await run.emit({ type: "progress", data: { phase: "import" } });
      await run.isStopped();
      return { outcome: "succeeded" };
    });
    const { id } = await world.submit();
    await world.reach(id, "finalizing");
    await dispatcher.drain(0);
    const task = await world.store.read(id);
    expect(task).toMatchObject({ state: "succeeded", attempt: 1 });
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task?.commit);
  });

  it("ends it as lost where the task wishes no other try", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(workUntilStopped);
    const { id } = await world.submit({ onLost: "fail" });
    await world.reach(id, "running");
    await dispatcher.drain(0);
    expect(await world.store.read(id)).toMatchObject({ state: "lost" });
    expect(world.told.filter(([name]) => name === "taskEnded")).toEqual([
      ["taskEnded", expect.objectContaining({ state: "lost", code: "TASK_LOST" })],
    ]);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await expectWhole(world.store, id);
  });

  it("leaves what somebody has cancelled cancelled", async () => {
    await using world = await openDispatchWorld();
    const draining = Promise.withResolvers<void>();
    const dispatcher = await world.start(async (run) => {
      await run.begin();
      await run.isStopped();
      await draining.promise;
    });
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    await world.reach(id, "cancelling");
    const drained = dispatcher.drain(0);
    draining.resolve();
    await drained;
    expect(await world.end(id)).toMatchObject({ state: "cancelled" });
  });

  it("gives up a run that does not stop, and the next start sweeps it", async () => {
    await using world = await openDispatchWorld();
    const stuck = Promise.withResolvers<void>();
    const dispatcher = await world.start(
      async (run) => {
        await run.begin();
        run.options.killSignal?.addEventListener("abort", () => stuck.resolve());
        await stuck.promise;
        run.commit();
      },
      { stopMs: 50 },
    );
    const { id } = await world.submit();
    await world.reach(id, "running");
    await dispatcher.drain(0);
    expect(await world.store.read(id)).toMatchObject({ state: "running", attempt: 1 });
    await world.start(writeFile);
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    await expectWhole(world.store, id);
  });
});

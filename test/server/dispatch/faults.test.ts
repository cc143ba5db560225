import { describe, expect, it } from "vitest";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import { loseFirst, writeFile } from "../../support/scripted-runner.ts";

const everyLease = Number.MAX_SAFE_INTEGER;
/** Nothing is renewed or swept but by the test. */
const slow = { leaseMs: 600_000, renewMs: 300_000, sweepMs: 300_000 };

describe("an attempt whose claim was taken from it", () => {
  it("is killed with the next renewal, publishes nothing, and another one does the task", async () => {
    await using world = await openDispatchWorld();
    const { script, killed } = loseFirst();
    const dispatcher = await world.start(script, { ...slow, concurrency: 2 });
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.sweep(everyLease);
    dispatcher.wake(id);
    const task = await world.end(id);
    await killed;
    await dispatcher.drain(60_000);
    expect(task).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`, `refs/tasks/${id}`]);
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    const types = (await world.readEvents(id)).map(({ type, attempt }) => [type, attempt]);
    expect(types).toEqual([
      ["run.started", 1],
      ["agent.started", 1],
      ["attempt.lost", 1],
      ["run.started", 2],
      ["agent.started", 2],
      ["complete", 2],
    ]);
    await expectWhole(world.store, id);
  });

  it("is killed with the next event that it wants to append", async () => {
    await using world = await openDispatchWorld();
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const kills: boolean[] = [];
    const dispatcher = await world.start(async (run) => {
      runs += 1;
      await run.begin();
      run.commit();
      if (runs > 1) return;
      await gate.promise;
      await run.say("too late");
      kills.push(await run.isStopped());
    }, slow);
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.sweep(everyLease);
    gate.resolve();
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    await dispatcher.drain(60_000);
    expect(kills).toEqual([true]);
    expect(JSON.stringify(await world.readEvents(id))).not.toContain("too late");
  });

  it("just before it publishes leaves no result behind", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(
      async (run) => {
        await run.begin();
        run.commit();
        await world.store.sweep(everyLease);
      },
      { ...slow, concurrency: 1 },
    );
    const { id } = await world.submit();
    expect(await world.end(id)).toMatchObject({ state: "lost", commit: null, attempt: 2 });
    await dispatcher.drain(60_000);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await expectWhole(world.store, id);
  });

  it("between publishing and the end of the task gives way to the next one, and its result with it", async () => {
    await using world = await openDispatchWorld();
    let published = 0;
    const { repositories } = world;
    await world.start(writeFile, {
      ...slow,
      concurrency: 1,
      parts: {
        repositories: {
          ...repositories,
          async publish(directory, attempt, commit) {
            await repositories.publish(directory, attempt, commit);
            published += 1;
            if (published === 1) await world.store.sweep(everyLease);
          },
        },
      },
    });
    const { id } = await world.submit();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(published).toBe(2);
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    await expectWhole(world.store, id);
  });
});

describe("a process that stands still for longer than its lease", () => {
  it("comes first to what it holds, and goes on", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(
      async (run) => {
        await run.begin();
        const until = performance.now() + 300;
        while (performance.now() < until);
        run.commit();
      },
      { leaseMs: 60, renewMs: 20, sweepMs: 10 },
    );
    const { id } = await world.submit();
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 1 });
    await dispatcher.drain(60_000);
    await expectWhole(world.store, id);
  });
});

describe("surroundings that let no task run", () => {
  it("keep tasks in the queue after three of them, until one that is tried gets through", async () => {
    await using world = await openDispatchWorld();
    let isBroken = true;
    const dispatcher = await world.start(
      async (run) => {
        if (isBroken)
          return { outcome: "unavailable", reason: { code: "ENGINE_UNAVAILABLE", message: "", hint: null } };
        run.commit();
        return {};
      },
      { concurrency: 1, breaker: { failures: 3, openMs: 200 } },
    );
    const tasks = [];
    for (let count = 0; count < 5; count += 1) tasks.push(await world.submit());
    const [, , third, fourth, fifth] = tasks.map(({ id }) => id);
    await world.end(third ?? "");
    await world.hear("breakerChanged", "open", 3);
    expect(dispatcher.status().breaker).toEqual({ state: "open", failures: 3 });
    expect((await world.store.read(fourth ?? ""))?.state).toBe("queued");
    isBroken = false;
    expect(await world.end(fourth ?? "")).toMatchObject({ state: "succeeded" });
    expect(await world.end(fifth ?? "")).toMatchObject({ state: "succeeded" });
    await world.hear("breakerChanged", "closed", 0);
    expect(dispatcher.status().breaker).toEqual({ state: "closed", failures: 0 });
    const states = world.told.filter(([name]) => name === "breakerChanged").map(([, state]) => state);
    expect(states).toEqual(["closed", "closed", "open", "half-open", "closed"]);
  });
});

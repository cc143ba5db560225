import { describe, expect, it } from "vitest";
import { WorkerError } from "../../../src/core/worker-error.ts";
import type { TaskStore } from "../../../src/store/tasks/task-store.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import { loseFirst, writeFile } from "../../support/scripted-runner.ts";

/** A store that fails where it is told to. */
function createFailing(): { wrap: (store: TaskStore) => TaskStore; failing: Set<keyof TaskStore> } {
  const failing = new Set<keyof TaskStore>();
  return {
    failing,
    wrap: (store) =>
      new Proxy(store, {
        get(target, name: keyof TaskStore) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          return (...args: readonly unknown[]) =>
            failing.has(name) ? Promise.reject(new WorkerError("STORE_FAILED", "no")) : value.apply(target, args);
        },
      }),
  };
}

describe("a store that fails", () => {
  it.each(["renew", "append", "advance", "finish"] as const)("to %s for a while loses nothing", async (name) => {
    const { wrap, failing } = createFailing();
    await using world = await openDispatchWorld({ wrapStore: wrap });
    failing.add(name);
    const warned = Promise.withResolvers<void>();
    const logger = { info: () => undefined, warn: () => warned.resolve(), error: () => warned.resolve() };
    await world.start(
      async (run) => {
        await run.begin();
        run.commit();
        for (let count = 0; count < 100; count += 1) await run.say(`${count}`);
      },
      { renewMs: 5, sweepMs: 5, leaseMs: 20, waitingEvents: 2, parts: { logger } },
    );
    const { id } = await world.submit();
    await warned.promise;
    failing.delete(name);
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", attempt: 1 });
    expect((await world.readEvents(id)).filter(({ type }) => type === "message")).toHaveLength(100);
    await expectWhole(world.store, id);
  });

  it("for too long is given up with the attempt, and the task is tried again once it works", async () => {
    const { wrap, failing } = createFailing();
    await using world = await openDispatchWorld({ wrapStore: wrap });
    const { script, killed } = loseFirst();
    const dispatcher = await world.start(script, { renewMs: 5, sweepMs: 5, leaseMs: 20, giveUpMs: 30 });
    const { id } = await world.submit();
    await world.reach(id, "running");
    failing.add("renew").add("sweep").add("append");
    await killed;
    failing.clear();
    expect((await world.end(id)).reason).toBeNull();
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    await dispatcher.drain(60_000);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`, `refs/tasks/${id}`]);
    await expectWhole(world.store, id);
  });

  it("after it has stored the end of a task takes nothing of it away", async () => {
    let ends = 0;
    await using world = await openDispatchWorld({
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (typeof value !== "function" || name !== "finish") {
              return typeof value === "function" ? value.bind(target) : value;
            }
            return async (...args: readonly unknown[]) => {
              const answer: unknown = await value.apply(target, args);
              ends += 1;
              if (ends === 1) throw new WorkerError("STORE_FAILED", "the answer is lost");
              return answer;
            };
          },
        }),
    });
    const dispatcher = await world.start(writeFile);
    const { id } = await world.submit();
    const task = await world.end(id);
    await dispatcher.drain(60_000);
    expect(ends).toBe(2);
    expect(world.git("rev-parse", `refs/tasks/${id}`)).toBe(task.commit);
    expect(world.told.filter(([name]) => name === "taskEnded")).toHaveLength(1);
    await expectWhole(world.store, id);
  });

  it("to claim is asked again", async () => {
    const { wrap, failing } = createFailing();
    await using world = await openDispatchWorld({ wrapStore: wrap });
    failing.add("claim");
    const told = Promise.withResolvers<void>();
    const logger = { info: () => undefined, warn: () => undefined, error: () => told.resolve() };
    await world.start(writeFile, { parts: { logger } });
    const { id } = await world.submit();
    await told.promise;
    failing.clear();
    expect(await world.end(id)).toMatchObject({ state: "succeeded" });
  });
});

describe("a full disk", () => {
  it("holds the run back until there is room, and loses no event", async () => {
    await using world = await openDispatchWorld({ store: { maxBytes: 1_000_000 } });
    const full = Promise.withResolvers<void>();
    const logger = { info: () => undefined, warn: () => full.resolve(), error: () => undefined };
    let wanted = 40;
    await world.start(
      async (run) => {
        await run.begin();
        for (let count = 0; count < wanted; count += 1) await run.say("x".repeat(10_000));
        run.commit();
      },
      { parts: { logger }, waitingEvents: 1 },
    );
    const filler = await world.submit();
    await world.end(filler.id);
    wanted = 60;
    const { id } = await world.submit();
    await full.promise;
    await world.store.remove(filler.id);
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 1 });
    expect((await world.readEvents(id)).filter(({ type }) => type === "message")).toHaveLength(60);
    await expectWhole(world.store, id);
  });

  it("holds the end of a task back until there is room", async () => {
    await using world = await openDispatchWorld({ store: { maxBytes: 1_000_000 } });
    const full = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const logger = { info: () => undefined, warn: () => full.resolve(), error: () => undefined };
    await world.start(
      async (run) => {
        await run.begin();
        const events = run.request.task.title === "Fill" ? 30 : 0;
        for (let count = 0; count < events; count += 1) await run.say("x".repeat(10_000));
        await (events > 0 ? null : done.promise);
        run.commit();
      },
      { parts: { logger }, concurrency: 1 },
    );
    const filler = await world.submit({ task: "Fill" });
    await world.end(filler.id);
    // Its report holds the prompt, for which there will be no room.
    const { id } = await world.submit({ task: "y".repeat(50_000) });
    await world.reach(id, "running");
    for (const bytes of [100_000, 10_000]) {
      for (let isRoom = true; isRoom;) {
        isRoom = await world.submit({ task: "x".repeat(bytes) }).then(
          () => true,
          () => false,
        );
      }
    }
    done.resolve();
    await full.promise;
    await world.store.remove(filler.id);
    expect(await world.end(id)).toMatchObject({ state: "succeeded", attempt: 1 });
    await expectWhole(world.store, id);
  });

  it("in the repository keeps the work, and says that it is not published", async () => {
    await using world = await openDispatchWorld();
    const dispatcher = await world.start(writeFile, {
      parts: {
        repositories: {
          ...world.repositories,
          publish: () => Promise.reject(new WorkerError("GIT_FAILED", `${world.directory} is broken`)),
        },
      },
    });
    const { id } = await world.submit();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "failed", outcome: "unavailable", commit: null });
    expect(task.reason).toMatchObject({ code: "GIT_FAILED" });
    expect(JSON.stringify(task)).not.toContain(world.dataDirectory);
    expect(await world.store.readReport(id)).not.toContain(world.dataDirectory);
    await dispatcher.drain(60_000);
    expect(world.refs()).toContainEqual(expect.stringMatching(/^refs\/heads\/agent\//));
    await expectWhole(world.store, id);
  });
});

import { expect, it } from "vitest";
import { isTerminal } from "../../../src/protocol/task-state.ts";
import type { Dispatcher } from "../../../src/server/dispatch/dispatcher.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import type { DispatchWorld } from "../../support/dispatch-world.ts";
import type { Script } from "../../support/scripted-runner.ts";

/** mulberry32: the same seed, the same schedule of events. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run that goes on for some turns, with a commit somewhere, and ends in one way or another. */
function createScript(random: (below: number) => number): Script {
  return async (run) => {
    if (random(8) === 0) throw new Error("the Runner is broken");
    await run.begin();
    const steps = 1 + random(30);
    for (let step = 0; step < steps && !run.options.signal.aborted; step += 1) {
      await run.say(String(step));
      if (random(10) === 0) run.commit();
      await turn();
    }
    if (random(6) === 0) return { outcome: "failed", reason: { code: "AGENT_ERROR", message: "no", hint: null } };
    return {};
  };
}

/** Something happens to a server: leases run out, somebody cancels, it is shut down and started again. */
async function disturb(
  world: DispatchWorld,
  ids: readonly string[],
  random: (below: number) => number,
): Promise<Dispatcher> {
  const script = createScript(random);
  const settings = { concurrency: 3, renewMs: 5, sweepMs: 7, leaseMs: 1_000, waitingEvents: 4 };
  let dispatcher = await world.start(script, settings);
  for (let count = 0; count < 25; count += 1) {
    for (let turns = random(40); turns > 0; turns -= 1) await turn();
    const id = ids[random(ids.length)] ?? "";
    const kind = random(8);
    if (kind < 3) await world.store.sweep(Number.MAX_SAFE_INTEGER);
    else if (kind < 6) {
      await world.store.interrupt(id, random(2) === 0 ? "graceful" : "force");
      if (random(2) === 0) dispatcher.wake(id);
    } else {
      await dispatcher.drain(0);
      dispatcher = await world.start(script, settings);
    }
  }
  return dispatcher;
}

it.each([1, 2, 3, 4])(
  "whatever happens, each task ends once and whole, and only its end is published (seed %i)",
  async (seed) => {
    const random = createRandom(seed);
    await using world = await openDispatchWorld();
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1)
      ids.push((await world.submit(random(4) === 0 ? { onLost: "fail" } : {})).id);
    const dispatcher = await disturb(world, ids, random);
    const tasks = await Promise.all(ids.map((id) => world.end(id)));
    for (const task of tasks) {
      expect(isTerminal(task.state)).toBe(true);
      await expectWhole(world.store, task.id);
    }
    // What was lost on the way tidies up after itself.
    await dispatcher.drain(60_000);
    const refs = world.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tasks/").split("\n");
    const published = tasks.flatMap(({ id, commit }) => (commit === null ? [] : [`refs/tasks/${id} ${commit}`]));
    expect(refs.filter((line) => line !== "")).toEqual(published.toSorted());
  },
);

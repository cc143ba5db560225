import { describe, expect, it } from "vitest";
import { isTerminal, transitions } from "../../../src/protocol/task-state.ts";
import type { TaskState } from "../../../src/protocol/task-state.ts";
import { maxAttempts } from "../../../src/store/tasks/task-store.ts";
import type { Claim, TaskStore } from "../../../src/store/tasks/task-store.ts";
import { createUlid } from "../../../src/util/ulid.ts";
import { createTask, ending, leaseMs, readAllEvents, say } from "./support.ts";
import type { CreatePlace } from "./support.ts";

type Random = (below: number) => number;

/** What the store must agree with, kept apart from it: who holds which task, and how often each was told an end. */
interface Model {
  readonly states: Map<string, TaskState>;
  /** The claim that may write; a task has none while it is queued or has ended. */
  readonly holders: Map<string, Claim>;
  readonly claims: Claim[];
  readonly appended: Map<string, number>;
  now: number;
}

export function describeRandomHistories(createPlace: CreatePlace): void {
  describe("random histories", () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      it(`keep to transitions, fences and numbers (seed ${seed})`, async () => {
        using place = createPlace();
        const random = createRandom(seed);
        const model: Model = { states: new Map(), holders: new Map(), claims: [], appended: new Map(), now: 1_000_000 };
        const now = (): number => model.now;
        let store = await place.open({ now });
        try {
          for (let index = 0; index < 250; index++) {
            await takeStep(store, model, random);
            if (random(60) === 0) {
              await store[Symbol.asyncDispose]();
              store = await place.open({ now });
            }
          }
          expect(model.claims.length).toBeGreaterThan(5);
          await checkAll(store, model);
        } finally {
          await store[Symbol.asyncDispose]();
        }
      });
    }
  });
}

async function takeStep(store: TaskStore, model: Model, random: Random): Promise<void> {
  const id = [...model.states.keys()][random(model.states.size || 1)];
  const step = random(9);
  if (step === 0) model.states.set((await createTask(store, { owner: `o${random(3)}` })).id, "queued");
  else if (step === 1) await claimOne(store, model);
  else if (step === 2) await sweepAfter(store, model, random(2) * (leaseMs + 1));
  else if (step === 3 && id !== undefined) await interruptOne(store, model, id);
  else await writeAs(store, model, { step, random });
}

async function claimOne(store: TaskStore, model: Model): Promise<void> {
  const claimed = await store.claim({ leaseMs, runId: createUlid() });
  const queued = [...model.states.values()].filter((state) => state === "queued").length;
  expect(claimed === null).toBe(queued === 0);
  if (claimed === null) return;
  const { claim } = claimed;
  expect(model.claims.filter(({ taskId, fence }) => taskId === claim.taskId && fence >= claim.fence)).toEqual([]);
  expect(claim.attempt).toBeLessThanOrEqual(maxAttempts);
  model.claims.push(claim);
  model.holders.set(claim.taskId, claim);
  follow(model, claim.taskId, "preparing");
}

async function sweepAfter(store: TaskStore, model: Model, ms: number): Promise<void> {
  model.now += ms;
  const swept = await store.sweep(model.now);
  // Every lease of this history has the same length, so all that are held are over, or none.
  for (const { id, state, lastSeq } of swept) {
    const wasCancelling = model.states.get(id) === "cancelling";
    const isLast = model.holders.get(id)?.attempt === maxAttempts;
    expect(state).toBe(wasCancelling ? "cancelled" : isLast ? "lost" : "queued");
    model.holders.delete(id);
    follow(model, id, state);
    expect(lastSeq).toBe((model.appended.get(id) ?? 0) + 1);
    model.appended.set(id, lastSeq);
  }
}

async function interruptOne(store: TaskStore, model: Model, id: string): Promise<void> {
  const before = model.states.get(id) ?? "lost";
  const result = await store.interrupt(id, "graceful");
  expect(result?.changed).toBe(before !== "cancelling" && !isTerminal(before));
  if (result?.changed === true) follow(model, id, before === "queued" ? "cancelled" : "cancelling");
  if (before === "queued") model.appended.set(id, (model.appended.get(id) ?? 0) + 1);
  expect(result?.task.state).toBe(model.states.get(id));
}

interface Write {
  readonly claim: Claim;
  readonly isHolder: boolean;
  readonly state: TaskState;
  readonly seq: number;
  readonly count: number;
}

/** A write with any claim there ever was: only the current one has an effect. */
async function writeAs(
  store: TaskStore,
  model: Model,
  { step, random }: { step: number; random: Random },
): Promise<void> {
  const claim = model.claims[random(model.claims.length || 1)];
  if (claim === undefined) return;
  const { taskId } = claim;
  const write: Write = {
    claim,
    isHolder: model.holders.get(taskId) === claim,
    state: model.states.get(taskId) ?? "lost",
    seq: model.appended.get(taskId) ?? 0,
    count: random(4),
  };
  if (step === 4) await finishAs(store, model, write);
  else if (step === 5 && write.count === 0) await releaseAs(store, model, write);
  else if (step === 6) await advanceAs(store, model, write);
  else await appendAs(store, model, write);
}

async function finishAs(store: TaskStore, model: Model, { claim, isHolder, state, seq }: Write): Promise<void> {
  const ended = await store.finish(claim, ending(state === "cancelling" ? "cancelled" : "succeeded"));
  expect(ended !== null).toBe(isHolder);
  if (ended === null) return;
  model.holders.delete(claim.taskId);
  model.appended.set(claim.taskId, seq + 1);
  follow(model, claim.taskId, ended.state);
}

async function releaseAs(store: TaskStore, model: Model, { claim, isHolder, state, seq }: Write): Promise<void> {
  expect(await store.release(claim)).toBe(isHolder);
  if (!isHolder) return;
  model.holders.delete(claim.taskId);
  if (state === "cancelling") model.appended.set(claim.taskId, seq + 1);
  follow(model, claim.taskId, state === "cancelling" ? "cancelled" : "queued");
}

async function advanceAs(store: TaskStore, model: Model, { claim, isHolder, state }: Write): Promise<void> {
  const next = state === "preparing" ? "running" : "finalizing";
  const call = store.advance(claim, next);
  if (isHolder && state === "finalizing") return expect(call).rejects.toMatchObject({ code: "INTERNAL" });
  expect((await call) !== null).toBe(isHolder);
  if (isHolder && state !== "cancelling") follow(model, claim.taskId, next);
}

async function appendAs(store: TaskStore, model: Model, { claim, isHolder, seq, count }: Write): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => say(`${index}`));
  expect(await store.append(claim, events)).toBe(isHolder ? seq + count : null);
  if (isHolder) model.appended.set(claim.taskId, seq + count);
}

function follow(model: Model, id: string, state: TaskState): void {
  const before = model.states.get(id) ?? "queued";
  expect(transitions[before]).toContain(state);
  model.states.set(id, state);
}

async function checkAll(store: TaskStore, { states, appended }: Model): Promise<void> {
  expect(states.size).toBeGreaterThan(0);
  const counts = new Map<TaskState, number>();
  for (const [id, state] of states) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
    const task = await store.read(id);
    expect(task).toMatchObject({ state, lastSeq: appended.get(id) ?? 0 });
    const events = await readAllEvents(store, id);
    expect(events).toHaveLength(appended.get(id) ?? 0);
    expect(events.filter(({ type }) => type === "complete")).toHaveLength(isTerminal(state) ? 1 : 0);
    expect((await store.readReport(id)) !== null).toBe(task?.hasReport);
  }
  const { byState } = await store.counts();
  expect(new Map(Object.entries(byState).filter(([, count]) => count > 0))).toEqual(counts);
}

/** mulberry32: the same numbers for the same seed. */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

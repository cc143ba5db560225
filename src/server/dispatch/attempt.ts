import { transitions } from "../../protocol/task-state.ts";
import type { TaskState } from "../../protocol/task-state.ts";
import type { Claim, NewEvent, StoredTask } from "../../store/tasks/task-store.ts";
import { createAttemptSignals } from "./attempt-signals.ts";
import type { AttemptSignals } from "./attempt-signals.ts";
import type { DispatcherParts } from "./dispatcher-parts.ts";
import { createEventWriter } from "./event-writer.ts";
import { holdClaim } from "./hold-claim.ts";
import type { HeldClaim } from "./hold-claim.ts";
import { persist } from "./persist.ts";

/** One try of a task as the store sees it: what is written goes through its claim, and stops with it. */
export interface Attempt extends AsyncDisposable {
  readonly task: StoredTask;
  readonly claim: Claim;
  readonly signals: AttemptSignals;
  readonly held: HeldClaim;
  /** A step along the table; the same step twice is one. Nobody waits for it. */
  advance(state: TaskState, facts?: { readonly base?: string }): void;
  push(event: NewEvent): Promise<void>;
  /** Resolves when all steps and events are stored; false where the attempt is over. */
  settle(): Promise<boolean>;
  /** Writes, whatever it takes; null where the attempt is over. */
  write<T>(work: () => Promise<T | null>): Promise<T | null>;
}

export function openAttempt(
  parts: DispatcherParts,
  { task, claim }: { readonly task: StoredTask; readonly claim: Claim },
): Attempt {
  const { store, settings, logger, metrics } = parts;
  const signals = createAttemptSignals();
  const facts = { taskId: claim.taskId, attempt: claim.attempt };
  const held = holdClaim({
    store,
    claim,
    ...settings,
    onLost: () => signals.lose(),
    onInterrupt: (mode) => signals.interrupt(mode),
  });
  const onFailure = (error: unknown): void => logger.warn({ ...facts, err: error }, "the store refused a write");
  const write: Attempt["write"] = async (work) => {
    const answer = await persist(work, { giveUpMs: settings.giveUpMs, signal: signals.over, onFailure });
    if (answer === undefined || answer === null) signals.lose();
    return answer ?? null;
  };
  const writer = createEventWriter({
    capacity: settings.waitingEvents,
    async append(events) {
      const seq = await write(() => store.append(claim, events));
      if (seq !== null) metrics.eventsAppended(events.length);
      return seq !== null;
    },
  });
  let state: TaskState = "preparing";
  let steps: Promise<unknown> = Promise.resolve();
  return {
    task,
    claim,
    signals,
    held,
    advance(next, known) {
      if (!transitions[state].includes(next)) return;
      state = next;
      // A step says where the task is and decides nothing.
      steps = steps.then(() => store.advance(claim, next, known)).catch(onFailure);
    },
    push: (event) => writer.push(event),
    async settle() {
      await Promise.all([writer.flush(), steps]);
      return !signals.over.aborted;
    },
    write,
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

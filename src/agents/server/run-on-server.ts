import type { AgentEvent, AgentResult } from "../../core/agent-event.ts";
import type { AgentContext } from "../../core/agent.ts";
import type { Task } from "../../core/task.ts";
import { emptyUsage } from "../../core/empty.ts";
import type { Usage } from "../../core/usage.ts";
import type { Repository } from "../../git/repository.ts";
import { createChannel } from "../../util/channel.ts";
import { saveRemote } from "./attempt.ts";
import type { Attempt, Delivered } from "./attempt.ts";
import { retry } from "./backoff.ts";
import { buildDeparture, buildFailure, buildLateEnding } from "./build-endings.ts";
import { collectCommit } from "./collect-commit.ts";
import { deliverTask } from "./deliver-task.ts";
import type { Early } from "./early.ts";
import { followTask } from "./follow-task.ts";
import { readEnding, toEnding } from "./read-ending.ts";
import type { Ending } from "./read-ending.ts";
import type { ServerSettings } from "./server-settings.ts";
import { takeUpTask } from "./take-up-task.ts";
import type { ResumedRun } from "./take-up-task.ts";
import { readTask, readTaskReport } from "./task-api.ts";
import { startTaskWatch } from "./task-watch.ts";
import type { Departure, TaskWatch } from "./task-watch.ts";
import { toAgentEvent } from "./to-agent-event.ts";

export interface ServerRun {
  readonly task: Task;
  readonly context: AgentContext<Repository>;
  readonly settings: ServerSettings;
  /** A run that was begun before and is taken up again. */
  readonly resumed: ResumedRun | undefined;
  /** Its owner disposes it. */
  readonly early: Early;
}

/** Push the base, submit, follow, fetch. Every ending is a `complete` event. */
export async function* runOnServer(run: ServerRun): AsyncGenerator<AgentEvent> {
  const channel = createChannel<AgentEvent>();
  const left = new AbortController();
  const { context } = run;
  const killSignal =
    context.killSignal === undefined ? left.signal : AbortSignal.any([context.killSignal, left.signal]);
  const attempted = carryOut({ ...run, context: { ...context, killSignal } }, (event) => channel.push(event));
  const closed = attempted.finally(() => channel.close());
  closed.catch(() => undefined);
  try {
    yield* channel;
    await closed;
  } finally {
    left.abort("SIGTERM");
    channel.close();
    await closed.catch(() => undefined);
  }
}

async function carryOut(run: ServerRun, emit: Attempt["emit"]): Promise<void> {
  const { task, context, settings, resumed, early } = run;
  const seen: Seen = { usage: emptyUsage };
  const remote = resumed?.run ?? null;
  const attempt = { ...early, task, context, settings, emit: track(seen, emit), remote };
  let delivered: Delivered | null = null;
  let result: AgentResult;
  try {
    delivered = await (resumed === undefined ? deliverTask(attempt) : takeUpTask(attempt, resumed));
    result = await followToEnd(attempt, delivered, seen);
  } catch (error) {
    result = buildFailure(attempt, { error, delivered, usage: seen.usage });
  }
  await tellNotes(attempt);
  await emit({ type: "complete", data: result });
}

/** What was heard so far, for an ending that says nothing itself. */
interface Seen {
  usage: Usage;
}

function track(seen: Seen, emit: Attempt["emit"]): Attempt["emit"] {
  return (event) => {
    if (event.type === "usage") seen.usage = event.data;
    return emit(event);
  };
}

async function followToEnd(attempt: Attempt, delivered: Delivered, seen: Seen): Promise<AgentResult> {
  const { task, context } = attempt;
  const { client, run } = delivered;
  const { timeoutMs } = task.limits;
  const { signal, killSignal } = context;
  using watch = startTaskWatch({ client, taskId: run.taskId, timeoutMs, signal, killSignal });
  let ending: Ending | Departure;
  try {
    ending = await follow(attempt, delivered, watch);
  } catch (error) {
    if (!watch.signal.aborted) throw error;
    ending = watch.signal.reason === "unstopped" ? "unstopped" : "detached";
  }
  if (typeof ending === "string") {
    return buildDeparture(attempt, { delivered, departure: ending, cause: watch.cause(), usage: seen.usage });
  }
  const result = await bringIn(attempt, delivered, ending);
  return watch.cause() === "late" ? buildLateEnding(result) : result;
}

/** Reads the task's events to the end. */
async function follow(attempt: Attempt, { client, run }: Delivered, watch: TaskWatch): Promise<Ending> {
  const { task, context, notes, emit } = attempt;
  const onEpoch = (epoch: string): void => void saveRemote(attempt, { ...run, epoch });
  const request = { taskId: run.taskId, epoch: run.epoch, notes, signal: watch.signal, onEpoch };
  for await (const followed of followTask(client, request)) {
    await tellNotes(attempt);
    switch (followed.kind) {
      case "event": {
        const { type } = followed.event;
        if (agentTypes.has(type)) watch.started();
        if (type === "attempt.lost") watch.requeued();
        const event = toAgentEvent(followed.event, context.redact);
        if (event !== null) await emit(event);
        break;
      }
      case "restarted":
        await emit({ type: "warning", data: restarted });
        break;
      case "complete":
        return readEnding(followed.event, task) ?? (await readStoredEnding(attempt, { client, run }, watch));
      case "ended":
        notes.add(incomplete);
        return toEnding(followed.task, await readReport({ client, run }, watch), task);
    }
  }
  throw new Error("The stream ended without an end.");
}

/** The agent works: its time has begun. Before, an image may be built for as long as that takes. */
const agentTypes: ReadonlySet<string> = new Set(["agent.started", "message", "thinking", "tool_use"]);

const restarted = {
  code: "SERVER_EVENTS_RESTARTED",
  message: "The server has begun the task's events anew; those before it count no more.",
};

const incomplete = {
  code: "SERVER_EVENTS_INCOMPLETE",
  message: "The task has ended, but the last of its events could not be read.",
};

/** A `complete` that does not say how: the state does. */
async function readStoredEnding(attempt: Attempt, delivered: Delivered, watch: TaskWatch): Promise<Ending> {
  const { client, run } = delivered;
  const { signal } = watch;
  const { backoff, submitMs } = client.settings.patience;
  const state = await retry(() => readTask(client, run.taskId, signal), { backoff, limitMs: submitMs, signal });
  if (!state.ok) throw state.error;
  return toEnding(state.value, await readReport(delivered, watch), attempt.task);
}

/** Whatever it says more is welcome; a server without reports is no failure. */
async function readReport({ client, run }: Delivered, { signal }: TaskWatch) {
  const report = await readTaskReport(client, run.taskId, signal);
  return report.ok ? report.value : null;
}

async function bringIn(
  attempt: Attempt,
  delivered: Delivered,
  { result, commit: named }: Ending,
): Promise<AgentResult> {
  const begun = performance.now();
  // A server that says that there is no commit is believed, one that does not say is asked.
  const commit = named === null ? null : await collectCommit(attempt, delivered, named);
  const importMs = Math.round(result.timings.importMs + performance.now() - begun);
  await saveRemote(attempt, { ...delivered.run, settled: true });
  return { ...result, commit, timings: { ...result.timings, importMs } };
}

async function tellNotes({ notes, emit }: Attempt): Promise<void> {
  for (const warning of notes.take()) await emit({ type: "warning", data: warning });
}

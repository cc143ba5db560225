import type { AgentResult } from "../../src/core/agent-event.ts";
import { emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import { digestEvent } from "../../src/protocol/task-event.ts";
import type { AwkwardTask } from "./awkward-server.ts";

/** The text of an event. */
export function buildEvent(
  task: AwkwardTask,
  seq: number,
  rest: { type: string; data: object; epoch?: string },
): string {
  const envelope = {
    v: 1,
    runId: task.id,
    taskId: task.id,
    epoch: "one",
    attempt: 1,
    seq,
    ts: "2026-01-01T00:00:00.000Z",
  };
  return JSON.stringify({ ...envelope, ...rest });
}

/** Messages with these texts, then the end, with the digest over all of them. */
export function buildEvents(task: AwkwardTask, said: readonly string[], epoch = "one"): readonly string[] {
  const messages = said.map((words, index) =>
    buildEvent(task, index + 1, { type: "message", data: { text: words }, epoch }),
  );
  return finishEvents(task, messages, epoch);
}

export function finishEvents(task: AwkwardTask, before: readonly string[], epoch = "one"): readonly string[] {
  const end = { eventCount: before.length, eventDigest: before.reduce(digestEvent, "") };
  const data = { ...buildResult(task), ...end };
  return [...before, buildEvent(task, before.length + 1, { type: "complete", data, epoch })];
}

export function buildResult(task: AwkwardTask): AgentResult {
  return {
    outcome: "succeeded",
    reason: null,
    commit: task.commit,
    agent: { name: "claude", version: "1", model: "m", sessionId: null },
    container: null,
    usage: emptyUsage,
    timings: emptyTimings,
  };
}

export function buildResource(task: AwkwardTask, state = "running"): object {
  return { id: task.id, state, epoch: "one", lastSeq: 0, outcome: null, reason: null, commit: null };
}

import type { Task, TaskLimits, TaskSession } from "../../core/task.ts";
import type { TaskRequest } from "../../protocol/task-request.ts";
import type { Claim, StoredTask } from "../../store/tasks/task-store.ts";

const defaultWallMs = 30 * 60_000;

/** What a Runner is given for an attempt. */
export function buildTask({ request, title, agent }: StoredTask, { runId }: Claim, session?: TaskSession): Task {
  return {
    runId,
    prompt: Buffer.from(request.task),
    title,
    agent,
    model: request.model,
    limits: buildLimits(request.limits),
    ...(session === undefined ? {} : { session }),
  };
}

function buildLimits(limits: TaskRequest["limits"] = {}): TaskLimits {
  const { wallSeconds, idleSeconds, turns, costUsd } = limits;
  return {
    maxTurns: turns,
    maxCostUsd: costUsd,
    timeoutMs: wallSeconds === undefined ? defaultWallMs : wallSeconds * 1_000,
    ...(idleSeconds === undefined ? {} : { idleMs: idleSeconds * 1_000 }),
  };
}

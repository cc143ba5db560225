import { isTerminal } from "../../protocol/task-state.ts";
import type { StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { DispatcherLog } from "./dispatcher-parts.ts";

interface SweepParts {
  readonly store: Pick<TaskStore, "sweep">;
  readonly repositories: Pick<Repositories, "locate" | "unpublish">;
  readonly log: DispatcherLog;
}

/**
 * Sweeps until nothing is left whose lease was over before `now`. What a lost attempt had published is taken away where no other
 * try follows; else that begins with it. Answers the tasks.
 */
export async function sweepLost(parts: SweepParts, now: number): Promise<readonly StoredTask[]> {
  const all: StoredTask[] = [];
  for (;;) {
    const swept = await parts.store.sweep(now);
    if (swept.length === 0) return all;
    all.push(...swept);
    for (const task of swept) await follow(parts, task);
  }
}

async function follow({ repositories, log }: SweepParts, task: StoredTask): Promise<void> {
  const facts = { taskId: task.id, attempt: task.attempt, state: task.state };
  log.warn(facts, "an attempt was lost");
  if (!isTerminal(task.state)) return;
  try {
    await repositories.unpublish(repositories.locate(task.owner, task.request.repository), task.id);
  } catch (error) {
    log.warn({ ...facts, err: error }, "refs of a lost task were left behind");
  }
}

import type { WarmPool, WarmWish } from "../../agents/contained/warm/warm-pool.ts";
import type { Task } from "../../core/task.ts";
import type { DispatcherStatus } from "./dispatcher.ts";

/** Lets agents wait for the tasks that are likely to come next. Nobody waits for what it does. */
export interface WarmTasks extends AsyncDisposable {
  /** A task on a commit that was just pushed is to be expected. */
  basePushed(directory: string, base: string): void;
  /** Another one like this is. */
  taskEnded(directory: string, base: string, task: Pick<Task, "agent" | "model" | "limits">): void;
  status(): DispatcherStatus["warm"];
}

type Like = Omit<WarmWish, "repository" | "base">;

/** Repositories whose last task is remembered. */
const most = 1_000;

/** Who works on a repository asks for the same agent, model and limits again. */
export function createWarmTasks(pool: WarmPool, standardAgent: string): WarmTasks {
  const last = new Map<string, Like>();
  const standard = { agent: standardAgent, task: { model: undefined, limits: noLimits } };
  return {
    basePushed: (repository, base) => pool.prepare({ repository, base, ...(last.get(repository) ?? standard) }),
    taskEnded(repository, base, { agent, model, limits }) {
      const like = { agent, task: { model, limits } };
      last.delete(repository);
      last.set(repository, like);
      for (const oldest of [...last.keys()].slice(0, -most)) last.delete(oldest);
      pool.prepare({ repository, base, ...like });
    },
    status: () => pool.status(),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** Those that the agent CLI is told of; the clocks are the host's. */
const noLimits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 0 };

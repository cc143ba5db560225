import type { RunRequest } from "../core/runner.ts";
import { planBranch } from "../git/branch.ts";
import type { BranchPlan } from "../git/branch.ts";
import type { GitSettings } from "../git/git-environment.ts";
import { openRepository } from "../git/repository.ts";
import type { Repository } from "../git/repository.ts";
import { resolveBase } from "../git/resolve-base.ts";
import { buildBranchName } from "./branch-name.ts";

/** Where a task will work and which branch it is for. Nothing is written yet. */
export interface TaskPlan {
  readonly repository: Repository;
  readonly branch: BranchPlan;
}

/** A plan in the making: its repository is known long before the rest. */
export interface Planning {
  readonly repository: Promise<Repository>;
  readonly plan: Promise<TaskPlan>;
}

/** Checks all that can be checked before anything starts. Rejects with what is wrong with the request. */
export function planTask(request: RunRequest, git: GitSettings, signal: AbortSignal): Planning {
  const repository = openRepository(request.repository, git, signal);
  const plan = repository.then((opened) => planIn(opened, request, signal));
  for (const promise of [repository, plan]) promise.catch(() => undefined);
  return { repository, plan };
}

async function planIn(repository: Repository, request: RunRequest, signal: AbortSignal): Promise<TaskPlan> {
  const { task } = request;
  const base = resolveBase(repository, request.base, signal);
  const name = request.branch ?? buildBranchName(task.title, task.runId);
  const branch = await planBranch(
    repository,
    { name, base, onExists: request.onBranchExists, runId: task.runId },
    signal,
  );
  return { repository, branch };
}

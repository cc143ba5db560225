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

/** Checks all that can be checked before anything starts. Throws what is wrong with the request. */
export async function planTask(request: RunRequest, git: GitSettings, signal: AbortSignal): Promise<TaskPlan> {
  const { task } = request;
  const repository = await openRepository(request.repository, git, signal);
  const base = resolveBase(repository, request.base, signal);
  const name = request.branch ?? buildBranchName(task.title, task.runId);
  const branch = await planBranch(
    repository,
    { name, base, onExists: request.onBranchExists, runId: task.runId },
    signal,
  );
  return { repository, branch };
}

import type { RemoteAgent, RemoteRun } from "../core/remote-run.ts";
import type { RunOptions, RunRequest } from "../core/runner.ts";
import { reserveBranch } from "../git/branch.ts";
import type { Repository } from "../git/repository.ts";
import { openRunGround } from "./run-ground.ts";
import { planTask } from "./plan-task.ts";
import type { RunnerParts } from "./run-task.ts";

export interface SubmitterParts extends RunnerParts {
  readonly agent: RemoteAgent<Repository>;
}

/** A run that goes on without this process. */
export interface SubmittedRun {
  readonly runId: string;
  readonly branch: string;
  readonly server: RemoteRun;
}

/** From this moment a branch is deleted only by who collects the run. */
const releaseMs = 60_000;

/**
 * The beginning of a run: checks, reserves the branch, hands the task to a server; the record says where. Throws what kept it from that; then nothing is left,
 * unless the server may have the task all the same: then the run stays, to be taken up.
 */
export async function submitTask(
  parts: SubmitterParts,
  request: RunRequest,
  options: Omit<RunOptions, "onEvent">,
): Promise<SubmittedRun> {
  const { signal, killSignal } = options;
  const { task } = request;
  const planning = planTask(request, parts.git, signal);
  const quiet = { ...options, onEvent: () => undefined };
  await using ground = openRunGround(parts, { request, options: quiet, planning });
  const plan = await planning.plan;
  const files = await ground.recorded;
  const reservation = await reserveBranch(plan.repository, plan.branch, signal);
  const known: { server: RemoteRun | null } = { server: null };
  try {
    const place = await ground.place;
    const logs = {
      ...place.logs,
      async remote(run: RemoteRun, body?: string): Promise<void> {
        known.server = run;
        await place.logs.remote?.(run, body);
      },
    };
    const { name, base } = reservation.plan;
    await parts.agent.submit(task, { ...place, logs, base: base.sha, branch: name, signal, killSignal });
    ground.keepRecord();
    if (known.server === null) throw new Error("The agent did not say where the task is.");
    const server = { ...known.server, followed: false };
    files.update({ server });
    return { runId: task.runId, branch: name, server };
  } catch (error) {
    if (known.server?.sent === true) ground.keepRecord();
    else await reservation.release(AbortSignal.timeout(releaseMs));
    throw error;
  }
}

import { rm } from "node:fs/promises";
import type { RunReport } from "../core/run-report.ts";
import type { RunOptions, RunRequest } from "../core/runner.ts";
import type { Task } from "../core/task.ts";
import { emptyUsage } from "../core/empty.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { BranchPlan } from "../git/branch.ts";
import { openRepository } from "../git/repository.ts";
import type { Repository } from "../git/repository.ts";
import { adoptReservation, openReservation } from "../git/reservation.ts";
import type { Reservation } from "../git/reservation.ts";
import { readRef } from "../git/update-ref.ts";
import { openRunFiles } from "../store/run-files.ts";
import type { RunFiles } from "../store/run-files.ts";
import type { RunRecord } from "../store/run-record.ts";
import { readProcessIdentity } from "../util/process-identity.ts";
import type { RunGround } from "./run-ground.ts";
import { openRunPlaces } from "./run-places.ts";
import { runReserved } from "./run-task.ts";
import type { RunnerParts } from "./run-task.ts";

/** A run of an earlier process, as its record says. */
export interface ResumeRequest {
  /** Its directory. */
  readonly directory: string;
  readonly record: RunRecord;
  readonly task: Task;
}

/**
 * Takes up a run whose task goes on, or has ended, elsewhere: its branch is reserved as before (again, where it was given back), its
 * events are told and kept anew from the first one, and it ends with a report, as any run. Throws as long as nothing is begun.
 */
export async function resumeRun(parts: RunnerParts, resume: ResumeRequest, options: RunOptions): Promise<RunReport> {
  const { record, task, directory } = resume;
  const startedAt = new Date(record.createdAt);
  const begunAt = Date.now();
  const repository = await findRepository(parts, record, options.signal);
  const plan = buildPlan(record, task.runId);
  const reservation = await takeReservation(repository, plan, options.signal);
  const files = openRunFiles(directory, record);
  const followed = record.server === undefined ? {} : { server: { ...record.server, followed: true } };
  files.update({ ...readProcessIdentity(), ...followed, endedAt: null, outcome: null });
  // What an earlier process had begun: all of it comes again.
  for (const path of [files.scratch, files.events]) await rm(path, { recursive: true, force: true });
  await using ground = openGround(parts, { repository, files });
  const run = {
    parts,
    ground,
    request: buildRequest(record, task),
    options,
    plan: { repository, branch: plan },
    files,
    startedAt,
    prepareMs: Date.now() - begunAt,
    warnings: [],
    usage: emptyUsage,
  };
  return await runReserved(run, reservation);
}

/** The work tree may be gone, and the repository not. */
async function findRepository(
  { git }: RunnerParts,
  { repository, commonDirectory }: RunRecord,
  signal: AbortSignal,
): Promise<Repository> {
  try {
    return await openRepository(repository, git, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WorkerError) || error.code !== "NOT_A_REPOSITORY") throw error;
    return openRepository(commonDirectory, git, signal);
  }
}

function buildPlan({ branch, runId }: RunRecord, id: string): BranchPlan {
  if (branch === null) throw new WorkerError("RUN_NOT_FOUND", `The run ${runId} has no branch to be taken up with.`);
  const { name, ref, created, baseRef = null } = branch;
  const base = { ref: baseRef, sha: branch.base };
  const expected = created ? null : (branch.expected ?? branch.base);
  return { name, ref, base, expected, request: { name, onExists: "fail", base, runId: id } };
}

async function takeReservation(repository: Repository, plan: BranchPlan, signal: AbortSignal): Promise<Reservation> {
  const isThere = (await readRef(repository, plan.ref, signal)) !== null;
  // One that stands elsewhere now was moved by others: to publish it will fail, and the work be kept.
  if (isThere || plan.expected !== null) return adoptReservation(repository, plan);
  return (await openReservation(repository, plan, signal)) ?? adoptReservation(repository, plan);
}

function openGround(
  { agent, redact, runtimeParent }: RunnerParts,
  { repository, files }: { readonly repository: Repository; readonly files: RunFiles },
): RunGround {
  const places = openRunPlaces(runtimeParent, files);
  const place = places.then(({ runtimeDirectory, scratchDirectory, logs }) => ({
    repository,
    runtimeDirectory,
    scratchDirectory,
    logs,
    redact,
  }));
  for (const promise of [places, place]) promise.catch(() => undefined);
  return {
    recorded: Promise.resolve(files),
    places,
    place,
    agent,
    keepRecord: () => undefined,
    async [Symbol.asyncDispose]() {
      const [opened] = await Promise.allSettled([places]);
      if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
    },
  };
}

function buildRequest({ repository, branch }: RunRecord, task: Task): RunRequest {
  return {
    task,
    repository,
    base: branch?.base ?? "",
    branch: branch?.name,
    onBranchExists: "fail",
    warnings: [],
  };
}

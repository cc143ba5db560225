import { rm } from "node:fs/promises";
import { buildKeptRef } from "../../core/kept-ref.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import { openRunFiles } from "../../store/run-files.ts";
import type { RunRecord } from "../../store/run-record.ts";
import type { Store, StoredRun } from "../../store/store.ts";
import { quoteForShell } from "../../util/printable.ts";
import { readRunState } from "./run-state.ts";
import type { RunState } from "./run-state.ts";

/** The outside world that a killed run may have left things in. */
export interface CleaningPorts {
  /** Removes the containers of a run; says how many there were. Throws ENGINE_UNAVAILABLE and the like. */
  removeContainers(runId: string): Promise<number>;
  /** Deletes the branch that was created for a run, if it still stands where it began; says whether it did. */
  releaseBranch(record: RunRecord): Promise<boolean>;
  /** The commit under refs/agent-worker/<run id> that no branch holds; null where no work would be lost. */
  findKeptWork(record: RunRecord): Promise<string | null>;
  dropKeptRef(record: RunRecord): Promise<void>;
  /** Says whether there was one. */
  removeRuntimeDirectory(record: RunRecord): Promise<boolean>;
}

export interface CleaningRequest {
  /** Remove the run itself, not only what it left outside of the store. */
  readonly remove: boolean;
  /** Also work that no branch holds, and runs of other hosts. */
  readonly force: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/** What was done, in words; `refused`: nothing was, and why not. */
export interface CleaningResult {
  readonly done: readonly string[];
  readonly refused: string | null;
}

export interface CleaningSetting {
  readonly store: Store;
  readonly ports: CleaningPorts;
  /** For whoever knows more of the runs than their records tell. Default: readRunState. */
  readonly readState?: (run: StoredRun) => RunState;
}

/** Cleans up one run. A run that is alive is never touched. May be repeated after any failure. */
export async function cleanRun(
  run: StoredRun,
  request: CleaningRequest,
  setting: CleaningSetting,
): Promise<CleaningResult> {
  const state = (setting.readState ?? readRunState)(run);
  const refused = refuse(run, state, request);
  if (refused !== null) return { done: [], refused };
  const { record } = run;
  // A run that ended in order has taken everything down itself.
  const isLeft = record !== null && record.endedAt === null;
  const left = isLeft ? await cleanLeftovers(record, { request, setting, state }) : [];
  const kept = record === null ? null : await settleWork(record, request, setting);
  if (kept !== null) return request.remove ? { done: left, refused: kept } : { done: [...left, kept], refused: null };
  if (!request.remove) return { done: left, refused: null };
  return { done: [...left, await removeRun(run, request, setting)], refused: null };
}

function refuse({ record }: StoredRun, state: RunState, { force }: CleaningRequest): string | null {
  if (state === "running") return `it is still running (process ${record?.pid})`;
  if (force) return null;
  if (state === "detached")
    return `its task may go on at ${record?.server?.url}: agent-worker runs collect, or say --force`;
  if (state !== "elsewhere") return null;
  return `it belongs to ${record?.host}: clean it there, or say --force if that host is gone`;
}

/** Drops the ref that kept the work until it was published. Where nothing else holds the work: says so, and keeps it. */
async function settleWork(
  record: RunRecord,
  request: CleaningRequest,
  { ports }: CleaningSetting,
): Promise<string | null> {
  if (!request.force && (await ports.findKeptWork(record)) !== null) {
    const git = `git -C ${quoteForShell(record.repository)}`;
    return `its work is kept (${git} branch NEW-NAME ${buildKeptRef(record.runId)}); --force drops it`;
  }
  if (!request.dryRun) await ports.dropKeptRef(record);
  return null;
}

interface Leftovers {
  readonly request: CleaningRequest;
  readonly setting: CleaningSetting;
  readonly state: RunState;
}

async function cleanLeftovers(record: RunRecord, { request, setting, state }: Leftovers): Promise<string[]> {
  const { store, ports } = setting;
  if (request.dryRun) return describePlan(record);
  const done: string[] = [];
  // Containers and directories of another host are its own.
  if (state === "killed") {
    // First: while a container runs it may still write.
    const containers = await removeContainers(record, ports);
    if (containers > 0) done.push(containers === 1 ? "removed its container" : `removed ${containers} containers`);
    if (await ports.removeRuntimeDirectory(record)) done.push("removed its runtime directory");
  }
  if (await ports.releaseBranch(record)) done.push(`deleted the branch ${record.branch?.name}, which held nothing`);
  const { paths } = await store.readRun(record.runId);
  await rm(paths.scratch, { recursive: true, force: true });
  // Last, so that a failure above lets the next call try everything again.
  openRunFiles(paths.directory, record).update({ endedAt: new Date().toISOString() });
  return done.length === 0 ? ["had left nothing behind"] : done;
}

async function removeContainers(record: RunRecord, ports: CleaningPorts): Promise<number> {
  try {
    return await ports.removeContainers(record.runId);
  } catch (error) {
    // Where no engine is, a run that never had a container has none now.
    if (record.containerId === null && toWorkerError(error).code === "ENGINE_UNAVAILABLE") return 0;
    throw error;
  }
}

function describePlan({ containerId, runtimeDirectory, branch }: RunRecord): string[] {
  const plan = [containerId === null ? "would look for its containers" : "would remove its container"];
  if (runtimeDirectory !== null) plan.push("would remove its runtime directory");
  if (branch?.created === true) plan.push(`would delete the branch ${branch.name} if it holds nothing`);
  return plan;
}

async function removeRun({ id }: StoredRun, request: CleaningRequest, { store }: CleaningSetting): Promise<string> {
  if (request.dryRun) return "would remove its record and logs";
  await store.removeRun(id);
  return "removed its record and logs";
}

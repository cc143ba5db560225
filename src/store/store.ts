import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { RunReport } from "../core/run-report.ts";
import { WorkerError } from "../core/worker-error.ts";
import { readCode, readMessage } from "../util/error-facts.ts";
import { readProcessIdentity } from "../util/process-identity.ts";
import { quote } from "../util/quote.ts";
import { isUlid } from "../util/ulid.ts";
import { buildRunPaths, formatRecord, openRunFiles } from "./run-files.ts";
import type { RunFiles, RunPaths } from "./run-files.ts";
import type { NewRun, RunRecord } from "./run-record.ts";

/** A run directory as it was found. `record` is null when run.json is missing, damaged or foreign: `problem` says so. */
export type StoredRun = { readonly id: string; readonly paths: RunPaths } & (
  | { readonly record: RunRecord; readonly problem: null }
  | { readonly record: null; readonly problem: string }
);

/** Runs on disk, under `<state directory>/runs`. Any number of processes may use it at once. */
export interface Store {
  /** Throws STATE_UNWRITABLE or DISK_FULL. The directory appears together with its run.json. */
  createRun(run: NewRun): RunFiles;
  /** Newest first; empty where there is no state yet. */
  listRuns(): Promise<readonly StoredRun[]>;
  /** By id, a beginning or an end of it that only one run has, or `latest`. Throws RUN_NOT_FOUND. */
  readRun(query: string): Promise<StoredRun>;
  /** null where there is none or it cannot be read. */
  readReport(id: string): Promise<RunReport | null>;
  removeRun(id: string): Promise<void>;
  /** Removes what a kill in the middle of createRun or removeRun left. */
  sweep(): Promise<void>;
}

const halfMadePrefix = ".new-";
const halfRemovedPrefix = ".old-";
/** Nothing takes this long to be made or removed by a process that lives. */
const sweepAgeMs = 60 * 60 * 1000;

/** Opens the store without touching the disk: the directories are made with the first run. */
export function openStore(stateDirectory: string): Store {
  const runs = path.resolve(stateDirectory, "runs");
  const buildPaths = (id: string): RunPaths => buildRunPaths(path.join(runs, id));
  const load = async (id: string): Promise<StoredRun> => loadRun(id, buildPaths(id));
  const listRuns = async (): Promise<readonly StoredRun[]> => Promise.all((await listIds(runs)).map(load));
  return {
    createRun: (run) => createRun(runs, run),
    listRuns,
    readRun: async (query) => load(findId(await listIds(runs), query)),
    readReport: (id) => loadReport(buildPaths(id).report),
    removeRun: (id) => removeRun(runs, id),
    sweep: () => sweep(runs),
  };
}

function createRun(runs: string, run: NewRun): RunFiles {
  const directory = path.join(runs, run.runId);
  const record: RunRecord = {
    schema: "agent-worker/run/1",
    branch: null,
    runtimeDirectory: null,
    ...run,
    ...readProcessIdentity(),
    containerId: null,
    createdAt: new Date().toISOString(),
    endedAt: null,
    outcome: null,
  };
  const halfMade = path.join(runs, `${halfMadePrefix}${run.runId}-${process.pid}`);
  try {
    mkdirSync(runs, { recursive: true, mode: 0o700 });
    mkdirSync(halfMade, { mode: 0o700 });
    writeFileSync(path.join(halfMade, "run.json"), formatRecord(record), { mode: 0o600 });
    renameSync(halfMade, directory);
  } catch (error) {
    removeHalfMade(halfMade);
    throw toStoreError(runs, error);
  }
  return openRunFiles(directory, record);
}

function removeHalfMade(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // sweep() finds it.
  }
}

function toStoreError(directory: string, error: unknown): WorkerError {
  const detail = readMessage(error);
  const code = readCode(error) === "ENOSPC" ? "DISK_FULL" : "STATE_UNWRITABLE";
  return new WorkerError(code, `The run cannot be recorded in ${directory}: ${detail}`, {
    hint: "Make room or permission there, or set AGENT_WORKER_STATE_DIR to a directory you can write.",
    cause: error,
  });
}

async function listIds(runs: string): Promise<readonly string[]> {
  const names = await readDirectory(runs);
  return names
    .filter((name) => !name.startsWith("."))
    .sort()
    .reverse();
}

async function readDirectory(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (readCode(error) === "ENOENT") return [];
    throw toStoreError(directory, error);
  }
}

async function loadRun(id: string, paths: RunPaths): Promise<StoredRun> {
  try {
    // Loaded here, as below: a run that begins reads nothing, and should begin soon.
    const { runRecordSchema } = await import("./run-record.ts");
    const parsed = runRecordSchema.safeParse(JSON.parse(await readFile(paths.record, "utf8")));
    if (!parsed.success) return { id, paths, record: null, problem: "run.json is not a record of this version" };
    if (parsed.data.runId !== id) return { id, paths, record: null, problem: "run.json belongs to another run" };
    return { id, paths, record: parsed.data, problem: null };
  } catch (error) {
    const problem = error instanceof SyntaxError ? "run.json is damaged" : `run.json: ${String(readCode(error))}`;
    return { id, paths, record: null, problem };
  }
}

async function loadReport(file: string): Promise<RunReport | null> {
  try {
    const { runReportSchema } = await import("../core/run-report.ts");
    return runReportSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null;
  }
}

function findId(ids: readonly string[], query: string): string {
  const wanted = query.toUpperCase();
  const newest = ids.find(isUlid);
  if (query === "latest" && newest !== undefined) return newest;
  if (ids.includes(query)) return query;
  const matches = query === "" ? [] : ids.filter((id) => id.startsWith(wanted) || id.endsWith(wanted));
  if (matches.length === 1 && matches[0] !== undefined) return matches[0];
  const message =
    matches.length === 0 ? `There is no run ${quote(query)}.` : `${matches.length} runs match ${quote(query)}.`;
  const hint = matches.length === 0 ? "agent-worker runs list shows them." : `Say more of it: ${matches.join(", ")}.`;
  throw new WorkerError("RUN_NOT_FOUND", message, { hint });
}

async function removeRun(runs: string, id: string): Promise<void> {
  // Out of sight in one step, so that a kill in between never leaves half a run in the list.
  const halfRemoved = path.join(runs, `${halfRemovedPrefix}${id}`);
  try {
    await rename(path.join(runs, id), halfRemoved);
  } catch (error) {
    if (readCode(error) !== "ENOENT") throw toStoreError(runs, error);
  }
  await rm(halfRemoved, { recursive: true, force: true });
}

async function sweep(runs: string): Promise<void> {
  for (const name of await readDirectory(runs)) {
    if (!name.startsWith(halfMadePrefix) && !name.startsWith(halfRemovedPrefix)) continue;
    const entry = path.join(runs, name);
    const found = await stat(entry).catch(() => null);
    if (found === null || Date.now() - found.mtimeMs < sweepAgeMs) continue;
    await rm(entry, { recursive: true, force: true });
  }
}

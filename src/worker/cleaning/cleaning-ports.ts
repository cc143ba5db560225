import { lstat, rm } from "node:fs/promises";
import path from "node:path";
import { removeLabelledContainers } from "../../container/container.ts";
import type { EngineSettings } from "../../container/engine-settings.ts";
import { connectEngine } from "../../container/engine.ts";
import { buildKeptRef } from "../../core/kept-ref.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import { readCheckedOut } from "../../git/branch-state.ts";
import type { GitSettings } from "../../git/git-environment.ts";
import { openRepository } from "../../git/repository.ts";
import type { Repository } from "../../git/repository.ts";
import { runGit } from "../../git/run-git.ts";
import { readRef, updateRef } from "../../git/update-ref.ts";
import type { RunRecord } from "../../store/run-record.ts";
import type { CleaningPorts } from "./clean-run.ts";

export interface CleaningSurroundings {
  readonly engine: EngineSettings;
  readonly git: GitSettings;
}

/** The ports joined to the engine and to git; nothing is opened before it is needed. */
export function createCleaningPorts(surroundings: CleaningSurroundings, signal: AbortSignal): CleaningPorts {
  const withRepository = async <T>(
    record: RunRecord,
    gone: T,
    use: (repository: Repository) => Promise<T>,
  ): Promise<T> => {
    const repository = await findRepository(record, surroundings, signal);
    return repository === null ? gone : use(repository);
  };
  return {
    async removeContainers(runId) {
      await using engine = await connectEngine(surroundings.engine, signal);
      return removeLabelledContainers(engine, [`agent-worker.run=${runId}`]);
    },
    releaseBranch: (record) =>
      withRepository(record, false, (repository) => releaseBranch(repository, record.branch, signal)),
    findKeptWork: (record) => withRepository(record, null, (repository) => findKeptWork(repository, record, signal)),
    dropKeptRef: (record) =>
      withRepository(record, undefined, async (repository) => {
        const update = { ref: buildKeptRef(record.runId), from: undefined, to: null, reason: "agent-worker: clean" };
        if ((await readRef(repository, update.ref, signal)) !== null) await updateRef(repository, update, signal);
      }),
    removeRuntimeDirectory,
  };
}

/** null where it is gone, and with it all that was left in it. The common directory outlives linked work trees. */
async function findRepository(
  record: RunRecord,
  { git }: CleaningSurroundings,
  signal: AbortSignal,
): Promise<Repository | null> {
  try {
    return await openRepository(record.commonDirectory, git, signal);
  } catch (error) {
    if (toWorkerError(error).code === "NOT_A_REPOSITORY") return null;
    throw error;
  }
}

async function releaseBranch(
  repository: Repository,
  branch: RunRecord["branch"],
  signal: AbortSignal,
): Promise<boolean> {
  if (branch === null || !branch.created) return false;
  if ((await readCheckedOut(repository, signal)).has(branch.name)) return false;
  const update = { ref: branch.ref, from: branch.base, to: null, reason: "agent-worker: clean" };
  return updateRef(repository, update, signal);
}

async function findKeptWork(repository: Repository, record: RunRecord, signal: AbortSignal): Promise<string | null> {
  const commit = await readRef(repository, buildKeptRef(record.runId), signal);
  if (commit === null) return null;
  const args = ["for-each-ref", "--count=1", `--contains=${commit}`, "refs/heads", "refs/remotes", "refs/tags"];
  const { stdout } = await runGit(repository, args, { signal });
  return stdout.length === 0 ? commit : null;
}

/** The path comes from a file: what does not look like one of our own directories is left alone. */
async function removeRuntimeDirectory({ runtimeDirectory }: RunRecord): Promise<boolean> {
  if (runtimeDirectory === null || !path.isAbsolute(runtimeDirectory)) return false;
  if (!path.basename(runtimeDirectory).startsWith("agent-worker-")) return false;
  const found = await lstat(runtimeDirectory).catch(() => null);
  if (found === null || !found.isDirectory() || found.uid !== process.getuid?.()) return false;
  await rm(runtimeDirectory, { recursive: true, force: true, maxRetries: 3 });
  return true;
}

import { WorkerError } from "../core/worker-error.ts";
import { checkPack } from "./check-pack.ts";
import type { Received } from "./check-pack.ts";
import { receivePack } from "./receive-pack.ts";
import type { Repository } from "./repository.ts";
import { createQuarantine } from "./quarantine.ts";
import type { Quarantine } from "./quarantine.ts";
import { storeObjects } from "./store-objects.ts";

export interface PackImport {
  /** A pack as `git pack-objects --thin` writes it; from an agent, so anything at all. */
  readonly pack: AsyncIterable<Uint8Array>;
  /** The commit the work started from; it is in the repository. */
  readonly base: string;
  /** The commit that holds the work, as the container said; not needed before the pack has come. */
  readonly head: string | Promise<string>;
  readonly runId: string;
  /** A private directory, empty or not yet there, for what is not yet trusted; the caller removes it. */
  readonly directory: string;
  readonly limits: ImportLimits;
}

export interface ImportLimits {
  /** Of the pack as it comes. */
  readonly packBytes: number;
  /** Of all its objects unpacked; also the most memory that one of them may take, where less than 1 GiB. */
  readonly unpackedBytes: number;
  /** Of the whole check. Default: five minutes. */
  readonly timeoutMs?: number;
}

/**
 * Brings an agent's commits into the repository, under exactly one ref: `refs/agent-worker/<run id>`. They are checked
 * before: sound objects, no tree that could harm a checkout, nothing missing, `head` a descendant of `base`.
 * May begin before there is a pack: git is ready then when it comes.
 * Throws IMPORT_REFUSED, IMPORT_TOO_LARGE, DISK_FULL, GIT_LOCKED, GIT_FAILED; then the repository is as it was.
 */
export async function importPack(repository: Repository, request: PackImport, signal: AbortSignal): Promise<void> {
  requireCommitId(repository, request.base);
  requireRunId(request.runId);
  const quarantine = createQuarantine(repository, request.directory);
  const { timeoutMs = 300_000 } = request.limits;
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const received = receive(repository, { quarantine, request }, either);
    const checked = checkPack(quarantine, { ...request, received }, either);
    const stored = storeObjects(repository, { received, checked, timeoutMs, runId: request.runId }, either);
    // All have ended before anything is thrown: no process is left.
    for (const result of await Promise.allSettled([checked, stored])) {
      if (result.status === "rejected") throw result.reason;
    }
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw new WorkerError("IMPORT_TOO_LARGE", "The check of the agent's objects took too long.", {
      hint: "Tell the agent in the task not to commit large or very many files, or list them in .gitignore.",
      cause: error,
    });
  }
}

async function receive(
  repository: Repository,
  { quarantine, request }: { readonly quarantine: Quarantine; readonly request: PackImport },
  signal: AbortSignal,
): Promise<Received> {
  const pack = await receivePack(quarantine, request, signal);
  return { pack, head: requireCommitId(repository, await request.head) };
}

function requireCommitId(repository: Repository, id: string): string {
  const digits = repository.objectFormat === "sha256" ? 64 : 40;
  if (id.length === digits && /^[0-9a-f]+$/.test(id)) return id;
  throw new WorkerError("IMPORT_REFUSED", `'${id}' is not a commit id.`, {
    hint: "With --image: check that the git in it is git. Else run the task again.",
  });
}

function requireRunId(runId: string): void {
  if (/^[0-9A-Za-z]+$/.test(runId)) return;
  throw new WorkerError("IMPORT_REFUSED", `'${runId}' is not a run id.`, {
    hint: "`agent-worker runs list` shows what run ids look like.",
  });
}

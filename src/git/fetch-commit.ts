import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { harmlessFaults } from "./harmless-faults.ts";
import { importPack } from "./import-pack.ts";
import type { ImportLimits } from "./import-pack.ts";
import { readIfThere } from "./object-directories.ts";
import { createQuarantine } from "./quarantine.ts";
import type { Quarantine } from "./quarantine.ts";

import { buildRemoteEnvironment, toRemoteError } from "./remote-repository.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import type { Repository } from "./repository.ts";
import { runGit, streamGit } from "./run-git.ts";

export interface CommitFetch {
  readonly remote: RemoteRepository;
  /** The only ref that is asked for. */
  readonly ref: string;
  /** What the server says the ref holds; undefined where it does not say. */
  readonly expected: string | undefined;
  /** The commit the work started from; it is in the repository. */
  readonly base: string;
  readonly runId: string;
  /** A private directory, empty or not yet there; the caller removes it. */
  readonly directory: string;
  readonly limits: ImportLimits;
}

const fetchedRef = "refs/fetched/result";
const watchMs = 200;

/**
 * Brings the result of a task from a server into the repository, as `refs/agent-worker/<run id>`: first into a quarantine, then on the
 * same way, through the same checks, as what comes out of a container. Answers the commit; null where it is the base or there is none.
 * Throws what `importPack` throws, SERVER_KEY, SERVER_UNREACHABLE, SERVER_BUSY, SERVER_REDIRECT, SERVER_REFUSED.
 */
export async function fetchCommit(
  repository: Repository,
  request: CommitFetch,
  signal: AbortSignal,
): Promise<string | null> {
  const { base, expected, ref, runId, directory, limits } = request;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const quarantine = createQuarantine(repository, join(directory, "fetched"));
  // What the server need not send.
  await mkdir(join(quarantine.gitDirectory, "refs", "known"), { recursive: true });
  await writeFile(join(quarantine.gitDirectory, "refs", "known", "base"), `${base}\n`);
  if (!(await fetchRef(quarantine, request, signal))) return null;
  const head = readIfThere(join(quarantine.gitDirectory, fetchedRef)).trim();
  if (expected !== undefined && head !== expected) {
    throw new WorkerError("IMPORT_REFUSED", `The server names ${expected} as the result, but its ${ref} is ${head}.`, {
      hint: "Try again: agent-worker runs collect RUN-ID. If it stays so, the server is at fault.",
    });
  }
  if (head === base) return null;
  const pack = streamGit(quarantine, ["pack-objects", "--revs", "--thin", "--stdout", "--quiet"], {
    signal,
    input: `${head}\n^${base}\n`,
  });
  await importPack(repository, { pack, base, head, runId, directory: join(directory, "import"), limits }, signal);
  return head;
}

/** False: there is no such ref. */
async function fetchRef(quarantine: Quarantine, request: CommitFetch, signal: AbortSignal): Promise<boolean> {
  const { remote, ref, limits } = request;
  const environment = buildRemoteEnvironment(quarantine.settings, remote, [
    ["fetch.fsckObjects", "true"],
    ...harmlessFaults.map((id) => [`fetch.fsck.${id}`, "ignore"] as const),
    ["pack.threads", "1"],
  ]);
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"];
  const tooLarge = new AbortController();
  const either = AbortSignal.any([signal, tooLarge.signal]);
  // git has no limit of its own for what it fetches.
  const look = async (): Promise<void> => {
    const bytes = await measure(join(quarantine.gitDirectory, "objects", "pack"));
    if (bytes > limits.packBytes) tooLarge.abort(toTooLargeError(limits));
  };
  const watch = setInterval(() => void look(), watchMs);
  try {
    await runGit(quarantine, [...args, "--no-recurse-submodules", remote.url, `+${ref}:${fetchedRef}`], {
      signal: either,
      environment,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkerError && /couldn't find remote ref/i.test(error.message)) return false;
    // A pack that was cut off looks damaged, too.
    const isCut = error instanceof WorkerError && /RPC failed|early EOF|unexpected disconnect/i.test(error.message);
    if (isCut) throw toRemoteError(error, remote);
    if (error instanceof WorkerError && /fsck|index-pack|unpack-objects|invalid index-pack/i.test(error.message)) {
      throw toRefusedError(error);
    }
    throw toRemoteError(error, remote);
  } finally {
    clearInterval(watch);
  }
}

async function measure(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function toTooLargeError({ packBytes }: ImportLimits): WorkerError {
  return new WorkerError("IMPORT_TOO_LARGE", `The server sends more than ${packBytes} bytes.`);
}

function toRefusedError(cause: WorkerError): WorkerError {
  return new WorkerError("IMPORT_REFUSED", `git refused the objects from the server: ${cause.message}`, {
    hint: "They could harm a checkout, or are damaged; nothing of them was kept. Run the task again.",
    cause,
  });
}

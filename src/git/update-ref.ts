import { toWorkerError } from "../core/worker-error.ts";
import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

/** One ref's move; null stands for "does not exist". */
export interface RefUpdate {
  readonly ref: string;
  /** Where it must stand now; undefined: anywhere. */
  readonly from: string | null | undefined;
  /** A promise that is handled elsewhere, too: it is not waited for where `when` rejects. */
  readonly to: string | null | Promise<string>;
  /** A ref to delete in the same transaction; it must be there. */
  readonly dropping?: string;
  /** One line for the reflog. */
  readonly reason: string;
  /** What must have gone well before: git is started meanwhile, and changes nothing where this rejects. */
  readonly when?: Promise<unknown>;
}

/** Moves a ref by compare-and-swap. False: it stands elsewhere than `from`, and nothing was changed. */
export async function updateRef(repository: Repository, update: RefUpdate, signal: AbortSignal): Promise<boolean> {
  const { ref, from, reason } = update;
  const args = ["update-ref", "--no-deref", "-m", reason, "--stdin", "-z"];
  try {
    await runGit(repository, args, { signal, input: sendCommand(update) });
    return true;
  } catch (error) {
    if (from === undefined || toWorkerError(error).code !== "GIT_FAILED") throw error;
    if (from === null && toWorkerError(error).message.includes("; cannot create")) return false;
    // What git says differs by version and by ref storage; where the ref stands does not.
    if ((await readRef(repository, ref, signal)) === from) throw error;
    return false;
  }
}

/** The commit (or other object) that a ref stands at; null where there is no such ref. */
export async function readRef(repository: Repository, ref: string, signal: AbortSignal): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", ref];
  const { stdout } = await runGit(repository, args, { signal, accept: [0, 1, 128] });
  return stdout.toString("utf8").trim() || null;
}

async function* sendCommand(update: RefUpdate): AsyncGenerator<Uint8Array> {
  await update.when;
  yield Buffer.from(buildCommand(update, await update.to));
}

function buildCommand({ ref, from, dropping }: RefUpdate, to: string | null): string {
  const dropped = dropping === undefined ? "" : `delete ${dropping}\0\0`;
  if (to === null) return `delete ${ref}\0${from ?? ""}\0${dropped}`;
  if (from === null) return `create ${ref}\0${to}\0${dropped}`;
  return `update ${ref}\0${to}\0${from ?? ""}\0${dropped}`;
}

import { createReadStream } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { buildKeptRef } from "../core/kept-ref.ts";
import type { Received } from "./check-pack.ts";
import type { ReceivedPack } from "./receive-pack.ts";
import type { Repository } from "./repository.ts";
import { runGit, throwIfAborted } from "./run-git.ts";
import { updateRef } from "./update-ref.ts";

export interface Storing {
  readonly received: Promise<Received>;
  readonly checked: Promise<void>;
  /** How long those two may take. */
  readonly timeoutMs: number;
  readonly runId: string;
}

/** As git's own fetch: few objects are stored one by one, for packs are only tidied up by the user's next gc. */
const looseObjects = 100;
const looseBytes = 16 * 1024 * 1024;

/**
 * Stores a pack in the user's repository once it is checked, and gives its head a ref before any gc may take it away.
 * git is started before there is a pack, and waits for its input. An abort counts until the first byte is stored.
 */
export async function storeObjects(repository: Repository, storing: Storing, signal: AbortSignal): Promise<void> {
  // Storing itself is a matter of milliseconds, and a git that is killed then would leave its temporary files here.
  const uninterrupted = AbortSignal.timeout(storing.timeoutMs + 300_000);
  const packed = storeEither(repository, { ...storing, signal }, uninterrupted);
  const to = storing.received.then(({ head }) => head);
  to.catch(() => undefined);
  const update = { ref: buildKeptRef(storing.runId), from: undefined, to, reason: "agent-worker", when: packed };
  const [stored, referred] = await Promise.allSettled([packed, updateRef(repository, update, uninterrupted)]);
  if (stored.status === "fulfilled" && stored.value !== undefined) await unlink(stored.value);
  for (const result of [stored, referred]) if (result.status === "rejected") throw result.reason;
}

interface Interruptible extends Storing {
  readonly signal: AbortSignal;
}

const isLarge = new Error("The pack is not to be stored as single objects.");

/** Returns the .keep file that protects a pack from a `git repack` of the user's; undefined for single objects. */
async function storeEither(
  repository: Repository,
  storing: Interruptible,
  uninterrupted: AbortSignal,
): Promise<string | undefined> {
  try {
    const input = readSmall(storing);
    await runGit(repository, ["unpack-objects", "-q"], { signal: uninterrupted, input });
    return undefined;
  } catch (error) {
    if (error !== isLarge) throw error;
  }
  // Its temporary file is in the user's repository from the start.
  await storing.checked;
  const { pack } = await storing.received;
  const args = ["index-pack", "--stdin", `--keep=agent-worker ${storing.runId}`];
  const input = readChecked(pack, storing);
  const { stdout } = await runGit(repository, args, { signal: uninterrupted, input });
  const name = /^keep\t([0-9a-f]+)/.exec(stdout.toString("utf8"))?.[1];
  return name && join(repository.commonDirectory, "objects", "pack", `pack-${name}.keep`);
}

async function* readSmall(storing: Interruptible): AsyncGenerator<Uint8Array> {
  const { pack } = await storing.received;
  if (pack.objects >= looseObjects || pack.sizeBytes >= looseBytes) throw isLarge;
  yield* readChecked(pack, storing);
}

async function* readChecked({ path }: ReceivedPack, { checked, signal }: Interruptible): AsyncGenerator<Uint8Array> {
  await checked;
  throwIfAborted(signal, "unpack-objects");
  yield* createReadStream(path);
}

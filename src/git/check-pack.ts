import { toWorkerError, WorkerError } from "../core/worker-error.ts";
import { checkTree } from "./check-tree.ts";
import { streamIds } from "./pack-index.ts";
import type { Quarantine } from "./quarantine.ts";
import { commitLess } from "./receive-pack.ts";
import type { ReceivedPack } from "./receive-pack.ts";
import { streamGit } from "./run-git.ts";

export interface CheckRequest {
  readonly base: string;
  readonly limits: { readonly unpackedBytes: number };
  /** The pack, and the commit it is to bring. git is started before they are there, and waits for them. */
  readonly received: Promise<Received>;
}

export interface Received {
  readonly pack: ReceivedPack;
  readonly head: string;
}

const again = "The agent may have changed git's own files in its work tree: run the task again, and tell it not to.";

/** Checks what only the whole shows: sizes, that head is a commit and descends from base, how much its tree stands for, that nothing is missing. */
export async function checkPack(quarantine: Quarantine, request: CheckRequest, signal: AbortSignal): Promise<void> {
  const checks = [checkSizes, checkHistory, checkWholeTree].map((check) => check(quarantine, request, signal));
  // All have ended before anything is thrown: no process is left, and the first in this order names the fault.
  for (const result of await Promise.allSettled(checks)) if (result.status === "rejected") throw result.reason;
}

async function checkSizes(quarantine: Quarantine, request: CheckRequest, signal: AbortSignal): Promise<void> {
  const { received, limits } = request;
  const args = ["cat-file", "--buffer", "--batch-check=%(objecttype) %(objectsize)"];
  let total = 0;
  let isHead = true;
  for await (const line of readLines(streamGit(quarantine, args, { signal, input: listIds(received) }))) {
    const [type, size] = line.split(" ");
    if (!isHead) total += Number(size);
    else if (type !== "commit") throw toMissingError((await received).head);
    isHead = false;
  }
  if (total <= limits.unpackedBytes) return;
  const message = `The agent's work takes ${total} bytes unpacked; ${limits.unpackedBytes} are allowed.`;
  throw new WorkerError("IMPORT_TOO_LARGE", message, { hint: commitLess });
}

function toMissingError(head: string): WorkerError {
  return new WorkerError("IMPORT_REFUSED", `The agent's head ${head} is not among the commits it handed out.`, {
    hint: again,
  });
}

async function* listIds(received: Promise<Received>): AsyncGenerator<Uint8Array> {
  const { head, pack } = await received;
  yield Buffer.from(`${head}\n`);
  yield* streamIds(pack.index);
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun = "";
  for await (const chunk of chunks) {
    const lines = `${begun}${chunk.toString("latin1")}`.split("\n");
    begun = lines.pop() ?? "";
    yield* lines;
  }
}

/**
 * Nothing is missing from head down to the base, and head descends from the base: then, and only then, the base is a
 * parent of one of the commits above it, and named as their boundary.
 */
async function checkHistory(quarantine: Quarantine, request: CheckRequest, signal: AbortSignal): Promise<void> {
  const { base, received } = request;
  const args = ["rev-list", "--objects", "--boundary", "--stdin"];
  let descends = false;
  try {
    const lines = readLines(streamGit(quarantine, args, { signal, input: listRange(request) }));
    for await (const line of lines) descends ||= line === `-${base}`;
  } catch (error) {
    const { code, message } = toWorkerError(error);
    if (code !== "GIT_FAILED") throw error;
    throw new WorkerError("IMPORT_REFUSED", `The agent's objects are incomplete: ${message}`, {
      hint: again,
      cause: error,
    });
  }
  const { head } = await received;
  if (descends || head === base) return;
  throw new WorkerError("IMPORT_REFUSED", `The agent's head ${head} does not descend from ${base}.`, {
    hint: "The agent rewrote the history it was given: tell it in the task to add commits only.",
  });
}

async function* listRange({ base, received }: CheckRequest): AsyncGenerator<Uint8Array> {
  const { head } = await received;
  yield Buffer.from(`${head}\n^${base}\n`);
}

async function checkWholeTree(
  quarantine: Quarantine,
  { base, received }: CheckRequest,
  signal: AbortSignal,
): Promise<void> {
  const { head } = await received;
  await checkTree(quarantine, { base, head }, signal);
}

import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readCode } from "../util/error-facts.ts";
import { createLineSplitter } from "../util/lines.ts";

const chunkBytes = 256 * 1024;
/** A longer line is cut: nothing we write is longer. */
const maxLineBytes = 16 * 1024 * 1024;
const pollMs = 200;

export interface Following {
  readonly signal: AbortSignal;
  /** Asked when all there is has been read: whether nothing will be added any more. */
  readonly isOver: () => Promise<boolean>;
}

/**
 * Lines of a file that may be missing, be cut off or hold invalid UTF-8 (then U+FFFD). With `following` it waits for more,
 * until it is over or aborted.
 */
export async function* readLines(file: string, following?: Following): AsyncGenerator<string> {
  const splitter = createLineSplitter(maxLineBytes);
  let position = 0;
  for (;;) {
    // Asked before reading: what was written until then is read below, so that nothing is missed.
    const over = following === undefined || following.signal.aborted || (await following.isOver());
    for await (const chunk of readFrom(file, position)) {
      position += chunk.length;
      for (const line of splitter.push(chunk)) yield line.content.toString("utf8");
    }
    if (over) break;
    await sleep(pollMs, undefined, { signal: following.signal }).catch(() => undefined);
  }
  for (const line of splitter.end()) yield line.content.toString("utf8");
}

async function* readFrom(file: string, start: number): AsyncGenerator<Buffer> {
  const handle = await open(file, "r").catch((error: unknown) => {
    if (readCode(error) === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return;
  await using opened = handle;
  for (let position = start; ;) {
    const { bytesRead, buffer } = await opened.read({ buffer: Buffer.alloc(chunkBytes), position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

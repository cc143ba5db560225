import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** A version 2 pack index: header, 256 counters, then the sorted ids. */
export interface PackIndex {
  readonly path: string;
  /** 20 or 32. */
  readonly idBytes: number;
}

const headerBytes = 8 + 256 * 4;
const idsPerRead = 4_096;

export async function countObjects({ path }: PackIndex): Promise<number> {
  await using file = await open(path);
  return readCount(file);
}

/** The ids of a pack's objects as lines of text, some thousands at a time: a pack may have a million. */
export async function* streamIds({ path, idBytes }: PackIndex): AsyncGenerator<Buffer> {
  await using file = await open(path);
  const count = await readCount(file);
  for (let at = 0; at < count; at += idsPerRead) {
    const ids = Buffer.alloc(Math.min(idsPerRead, count - at) * idBytes);
    await file.read(ids, 0, ids.length, headerBytes + at * idBytes);
    const lines = Array.from({ length: ids.length / idBytes }, (_, index) =>
      ids.toString("hex", index * idBytes, (index + 1) * idBytes),
    );
    yield Buffer.from(`${lines.join("\n")}\n`);
  }
}

/** The last counter counts all. */
async function readCount(file: FileHandle): Promise<number> {
  const counter = Buffer.alloc(4);
  await file.read(counter, 0, counter.length, headerBytes - counter.length);
  return counter.readUInt32BE();
}

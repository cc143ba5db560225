import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createLineSplitter } from "../../src/util/lines.ts";
import type { Line } from "../../src/util/lines.ts";
import { cutAtRandom } from "../support/cut-at-random.ts";

function split(chunks: readonly Uint8Array[], maxBytes = 1e9): readonly Line[] {
  const splitter = createLineSplitter(maxBytes);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

const texts = (lines: readonly Line[]): readonly string[] => lines.map(({ content }) => content.toString("latin1"));

/** Bytes of all buffers that something still refers to. */
function measure(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  // What the first one found is freed beside the program; the second waits for that.
  runInNewContext("gc")();
  return process.memoryUsage().arrayBuffers;
}

/** Bytes of all that something still refers to. */
function measureHeap(): number {
  const buffers = measure();
  return buffers + process.memoryUsage().heapUsed;
}

const stream = readFileSync(new URL("../fixtures/stream/many-tools.ndjson", import.meta.url));
const odd = Buffer.from("\n\r\n\u00e4\u{1f9d1}\n\n\xff\xfe\0last without end", "latin1");

describe("lines", () => {
  it.each([
    ["a real stream", stream],
    ["odd bytes", odd],
  ])("of %s are the same wherever the chunks were cut", (_, bytes) => {
    const whole = bytes.toString("latin1").replace(/\n$/, "").split("\n");
    expect(texts(split([bytes]))).toEqual(whole);
    for (let seed = 1; seed <= 200; seed += 1) expect(texts(split(cutAtRandom(bytes, seed)))).toEqual(whole);
  });

  it("are the same byte by byte", () => {
    expect(texts(split([...odd].map((byte) => Uint8Array.of(byte))))).toEqual(odd.toString("latin1").split("\n"));
  });

  it("tell their whole length where they were cut, and the next line is whole again", () => {
    const bytes = Buffer.from(`${"x".repeat(100)}\nshort\n${"y".repeat(10)}\n${"z".repeat(11)}`);
    for (let seed = 1; seed <= 50; seed += 1) {
      const lines = split(cutAtRandom(bytes, seed), 10);
      expect(lines.map(({ content, bytes, truncated }) => [content.toString(), bytes, truncated])).toEqual([
        ["x".repeat(10), 100, true],
        ["short", 5, false],
        ["y".repeat(10), 10, false],
        ["z".repeat(10), 11, true],
      ]);
    }
  });

  it("of 100 MB hold no more memory than the limit", () => {
    const splitter = createLineSplitter(1024 * 1024);
    const before = measure();
    for (let index = 0; index < 1600; index += 1) expect(splitter.push(Buffer.alloc(64 * 1024, 120))).toEqual([]);
    expect(measure() - before).toBeLessThan(8 * 1024 * 1024);
    const [line] = splitter.push(Buffer.from("\n"));
    expect(line).toMatchObject({ bytes: 1600 * 64 * 1024, truncated: true });
    expect(line?.content).toHaveLength(256 * 1024);
  });

  it("do not keep a large chunk in memory for the sake of its unfinished end", () => {
    const splitter = createLineSplitter(1024);
    const chunk = Buffer.alloc(1024 * 1024, 10);
    chunk[chunk.length - 1] = 120;
    splitter.push(chunk);
    expect(splitter.end()[0]?.content.buffer.byteLength).toBeLessThan(chunk.length);
  });

  it("of single bytes cost no more than their bytes", () => {
    const before = measureHeap();
    const splitter = createLineSplitter(1e9);
    for (let index = 0; index < 1_000_000; index += 1) splitter.push(Buffer.alloc(1, 120));
    expect(measureHeap() - before).toBeLessThan(8 * 1024 * 1024);
    expect(splitter.end()[0]?.content.equals(Buffer.alloc(1_000_000, 120))).toBe(true);
  });

  it("do not keep the large chunks in memory that their pieces came in", () => {
    const splitter = createLineSplitter(1e9);
    const before = measure();
    for (let index = 0; index < 100; index += 1) splitter.push(Buffer.alloc(1024 * 1024, 120).subarray(0, 1));
    expect(measure() - before).toBeLessThan(8 * 1024 * 1024);
    expect(splitter.end()[0]?.content.toString()).toBe("x".repeat(100));
  });
});

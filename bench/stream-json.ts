import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openClaudeReader } from "../src/agents/claude/claude-reader.ts";
import { createLineSplitter, toTextLine } from "../src/util/lines.ts";
import { alternate } from "./support/alternate.ts";
import { root } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

const corpusBytes = 50 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const maxLineBytes = 16 * 1024 * 1024;

/** Processor time from the agent CLI's bytes to events, against JSON.parse of the same lines. */
export const streamJson: Bench = {
  rows: ["stream-json"],
  async measure({ runs = 9 }) {
    const chunks = buildCorpus();
    const lines = toLines(chunks);
    const figures = await alternate({
      runs,
      warmUps: 2,
      ours: () => cpuTime(() => readEvents(chunks)),
      floor: () => cpuTime(() => parseLines(lines)),
    });
    return [buildRow("stream-json", { unit: "ms", goal: 2, ...figures })];
  },
};

/** Real streams of Claude Code, over and over, in pieces as a pipe gives them. */
function buildCorpus(): readonly Buffer[] {
  const directory = join(root, "test/fixtures/stream");
  const files = readdirSync(directory).filter((name) => name.endsWith(".ndjson"));
  const once = Buffer.concat(files.map((name) => readFileSync(join(directory, name))));
  const all = Buffer.concat(Array.from({ length: Math.ceil(corpusBytes / once.length) }, () => once));
  const starts = Array.from({ length: Math.ceil(all.length / chunkBytes) }, (_, index) => index * chunkBytes);
  return starts.map((start) => all.subarray(start, start + chunkBytes));
}

function readEvents(chunks: readonly Buffer[]): number {
  const splitter = createLineSplitter(maxLineBytes);
  const reader = openClaudeReader();
  let events = 0;
  for (const chunk of chunks) {
    for (const line of splitter.push(chunk)) events += reader.read(toTextLine(line)).length;
  }
  return events;
}

/** The floor is given its lines ready as strings: splitting and decoding are our part. */
function toLines(chunks: readonly Buffer[]): readonly string[] {
  const splitter = createLineSplitter(maxLineBytes);
  return chunks.flatMap((chunk) => splitter.push(chunk).map(({ content }) => content.toString()));
}

function parseLines(lines: readonly string[]): number {
  let values = 0;
  for (const line of lines) if (JSON.parse(line) !== null) values += 1;
  return values;
}

/** Milliseconds of processor time, user and system, of this process. */
function cpuTime(action: () => number): number {
  const before = process.cpuUsage();
  if (action() === 0) throw new Error("nothing was read");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

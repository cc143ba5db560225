import type { DiffStat } from "./diff-stat.ts";
import type { Timings } from "./timings.ts";
import type { Usage } from "./usage.ts";

/** Of a run, or a part of one, in which nothing was done. */
export const emptyTimings: Timings = {
  totalMs: 0,
  prepareMs: 0,
  imageMs: 0,
  startMs: 0,
  firstEventMs: 0,
  agentMs: 0,
  importMs: 0,
};

export const emptyUsage: Usage = {
  turns: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: null,
  toolCalls: {},
};

export const emptyDiffStat: DiffStat = {
  commits: 0,
  filesChanged: 0,
  insertions: 0,
  deletions: 0,
  files: [],
  truncated: false,
};

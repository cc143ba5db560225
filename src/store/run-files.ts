import path from "node:path";
import { writeAtomic } from "../util/write-atomic.ts";
import type { RunPatch, RunRecord } from "./run-record.ts";

/** Where the files of a run are; all absolute. They exist once somebody wrote them. */
export interface RunPaths {
  readonly directory: string;
  readonly record: string;
  readonly events: string;
  readonly agent: string;
  readonly stderr: string;
  readonly report: string;
  readonly egress: string;
  /** The agent CLI's own record of its conversation. */
  readonly session: string;
  /** What was sent to a task server, in server mode. */
  readonly request: string;
  /** A directory for large temporary files; gone when the run has ended. */
  readonly scratch: string;
}

/** A run's place on disk, for the process that carries the run out. */
export interface RunFiles extends RunPaths {
  /** Merges `patch` into run.json, atomically; calls take effect in order. Rejects when the disk refuses. */
  update(patch: RunPatch): Promise<void>;
}

export function buildRunPaths(directory: string): RunPaths {
  return {
    directory,
    record: path.join(directory, "run.json"),
    events: path.join(directory, "events.ndjson"),
    agent: path.join(directory, "agent.ndjson"),
    stderr: path.join(directory, "stderr.log"),
    report: path.join(directory, "report.json"),
    egress: path.join(directory, "egress.ndjson"),
    session: path.join(directory, "session.jsonl"),
    request: path.join(directory, "request.json"),
    scratch: path.join(directory, "scratch"),
  };
}

export function openRunFiles(directory: string, initial: RunRecord): RunFiles {
  const paths = buildRunPaths(directory);
  let record = initial;
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...paths,
    update(patch) {
      record = { ...record, ...patch };
      const text = formatRecord(record);
      // A write that failed does not keep the next one, which holds everything, from being tried.
      const write = last.catch(() => undefined).then(() => writeAtomic(paths.record, text, 0o600));
      last = write;
      return write;
    },
  };
}

export function formatRecord(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

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
  /** Merges `patch` into run.json, atomically. Throws when the disk refuses. */
  update(patch: RunPatch): void;
  /** The same for what a run does not need; the next update writes it all the same. */
  tryUpdate(patch: RunPatch): void;
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
  const update = (patch: RunPatch): void => {
    // Kept here even where the disk refuses: the next update writes all of it.
    record = { ...record, ...patch };
    writeAtomic(paths.record, formatRecord(record), 0o600);
  };
  return {
    ...paths,
    update,
    tryUpdate(patch) {
      try {
        update(patch);
      } catch {
        // The disk refuses.
      }
    },
  };
}

export function formatRecord(record: RunRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

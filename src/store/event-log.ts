import path from "node:path";
import type { RunEvent } from "../core/run-event.ts";
import type { Warning } from "../core/warning.ts";
import { openAppendLog } from "./append-log.ts";

/** events.ndjson while a run goes on. */
export interface EventLog extends AsyncDisposable {
  /** Never throws and never waits. */
  append(event: RunEvent): void;
  /** Resolves when little is waiting to be written: await it after each event, so that memory stays flat. */
  ready(): Promise<void>;
  /** LOG_INCOMPLETE when something was not kept: it could not be written, or the log was full. */
  warning(): Warning | null;
  close(): Promise<void>;
}

const defaultMaxBytes = 256 * 1024 * 1024;
/** Without them nobody would know what became of the run; they are few and small. */
const alwaysKept: ReadonlySet<RunEvent["type"]> = new Set(["run.started", "warning", "error", "complete"]);

/** The first event that would make the file larger than `maxBytes` is left out, and all after it but those always kept. */
export function openEventLog(file: string, maxBytes = defaultMaxBytes): EventLog {
  const log = openAppendLog(file);
  let bytes = 0;
  let leftOut = 0;
  return {
    append(event) {
      const line = Buffer.from(`${JSON.stringify(event)}\n`);
      const isFull = leftOut > 0 || bytes + line.length > maxBytes;
      if (isFull && !alwaysKept.has(event.type)) {
        leftOut += 1;
        return;
      }
      bytes += line.length;
      log.append(line);
    },
    ready: () => log.ready(),
    warning: () => log.warning() ?? (leftOut === 0 ? null : buildFullWarning(file, leftOut)),
    close: () => log.close(),
    [Symbol.asyncDispose]: () => log.close(),
  };
}

function buildFullWarning(file: string, leftOut: number): Warning {
  return {
    code: "LOG_INCOMPLETE",
    message: `${path.basename(file)} is full: ${leftOut} of its entries were not kept.`,
  };
}

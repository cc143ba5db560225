import { z } from "zod";
import type { RunEvent } from "../core/run-event.ts";
import type { Warning } from "../core/warning.ts";
import { openAppendLog } from "./append-log.ts";

/** An event as it was read back: types of other versions are passed on. */
const storedEventSchema = z.object({
  v: z.literal(1),
  runId: z.string(),
  seq: z.number().int(),
  ts: z.string(),
  type: z.string(),
  data: z.unknown(),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

/** events.ndjson while a run goes on. */
export interface EventLog extends AsyncDisposable {
  /** Never throws and never waits. */
  append(event: RunEvent): void;
  warning(): Warning | null;
  close(): Promise<void>;
}

export async function openEventLog(file: string): Promise<EventLog> {
  const log = await openAppendLog(file);
  return {
    append: (event) => log.append(`${JSON.stringify(event)}\n`),
    warning: () => log.warning(),
    close: () => log.close(),
    [Symbol.asyncDispose]: () => log.close(),
  };
}

/** null for a damaged line, such as the torn last one of a killed run. */
export function parseEvent(line: string): StoredEvent | null {
  try {
    return storedEventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

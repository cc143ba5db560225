import { z } from "zod";
import type { RunEvent } from "../core/run-event.ts";
import type { Warning } from "../core/warning.ts";
import { openAppendLog } from "./append-log.ts";
import { readLines } from "./read-lines.ts";

/** An event as it was read back: types of other versions are passed on. */
export const storedEventSchema = z.object({
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

/** `transform` is applied to each line before it is stored, e.g. a redactor; it must keep JSON valid. */
export async function openEventLog(
  file: string,
  transform: (line: string) => string = (line) => line,
): Promise<EventLog> {
  const log = await openAppendLog(file);
  return {
    append: (event) => log.append(`${transform(JSON.stringify(event))}\n`),
    warning: () => log.warning(),
    close: () => log.close(),
    [Symbol.asyncDispose]: () => log.close(),
  };
}

/** Reads events in order. Damaged lines, such as the torn last one of a killed run, are left out. */
export async function* readEvents(file: string): AsyncGenerator<StoredEvent> {
  for await (const line of readLines(file)) {
    const event = parseEvent(line);
    if (event !== null) yield event;
  }
}

export function parseEvent(line: string): StoredEvent | null {
  try {
    return storedEventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

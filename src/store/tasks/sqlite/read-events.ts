import { isTerminal } from "../../../protocol/task-state.ts";
import type { EventRow } from "../task-store.ts";
import type { Database } from "./database.ts";
import { readCore } from "./task-row.ts";

export interface EventPage {
  readonly events: readonly EventRow[];
  readonly lastSeq: number;
  readonly complete: boolean;
}

/** A page ends once it is this large, so that large events do not fill memory; it always has one event where there is one. */
const pageCharacters = 1024 * 1024;

export function readEvents(
  database: Database,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): EventPage | null {
  const task = readCore(database, id);
  if (task === null) return null;
  const { number, lastSeq, state } = task;
  const events: EventRow[] = [];
  let characters = 0;
  const rows = database.iterate(
    "SELECT seq, text FROM events WHERE task = :number AND seq > :after ORDER BY seq LIMIT :limit",
    { number, after, limit },
  );
  for (const row of rows) {
    const text = String(row["text"]);
    events.push({ seq: Number(row["seq"]), text });
    characters += text.length;
    if (characters >= pageCharacters) break;
  }
  const position = events.at(-1)?.seq ?? after;
  return { events, lastSeq, complete: isTerminal(state) && position >= lastSeq };
}

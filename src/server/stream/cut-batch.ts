import type { EventRow } from "../../store/tasks/task-store.ts";

/** The first events, up to the one with which they reach `maxBytes`; at least one where there is any. */
export function cutBatch(
  rows: readonly EventRow[],
  maxBytes: number,
): { readonly events: readonly EventRow[]; readonly bytes: number } {
  let bytes = 0;
  for (const [index, { text }] of rows.entries()) {
    bytes += Buffer.byteLength(text);
    if (bytes >= maxBytes) return { events: rows.slice(0, index + 1), bytes };
  }
  return { events: rows, bytes };
}

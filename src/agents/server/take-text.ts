import { WorkerError } from "../../core/worker-error.ts";
import type { ServerEvent, Taken } from "./event-cursor.ts";
import type { Followed, Following } from "./following.ts";
import type { Notes } from "./notes.ts";
import type { StreamPart } from "./transports/transport.ts";

/** How a connection ended: as the transport says, or with the task's last event. */
export type StreamEnd = StreamPart["kind"] | "complete";

/** The same gap again and again is a fault of the server's. */
const maxGaps = 6;

/** Takes a text of a stream. null: read on. */
export async function* takeText(
  following: Following,
  part: Extract<StreamPart, { kind: "text" }>,
): AsyncGenerator<Followed, StreamEnd | null> {
  const { cursor, request } = following;
  const { epoch } = cursor;
  const taken = cursor.take(part.text, part.isExact);
  if (cursor.epoch !== null && cursor.epoch !== epoch) request.onEpoch(cursor.epoch);
  switch (taken.kind) {
    case "hello":
    case "duplicate":
      return null;
    case "junk":
      request.notes.add({ code: "SERVER_FRAME_IGNORED", message: "The server sent what is no event; it was ignored." });
      return null;
    case "event":
      yield* takeEvent(following, taken.event);
      return null;
    case "gap":
      following.gaps += 1;
      if (following.gaps >= maxGaps) throw toStreamError(`its events do not go on after number ${cursor.after}`);
      return "broken";
    case "epoch":
      yield* startOver(following);
      return "broken";
    case "end":
      return yield* takeEnd(following, taken);
  }
}

async function* takeEvent(following: Following, event: ServerEvent): AsyncGenerator<Followed> {
  const { cursor, request, backoff } = following;
  backoff.reset();
  following.gaps = 0;
  following.oversizes = 0;
  if (cursor.isUnnumbered) noteUnnumbered(request.notes);
  if (cursor.after <= following.told) return;
  following.told = cursor.after;
  yield { kind: "event", event };
}

/** From the first event on: what was told counts no more. */
export async function* startOver(following: Following): AsyncGenerator<Followed> {
  following.cursor.restart();
  following.told = 0;
  yield { kind: "restarted" };
}

async function* takeEnd(
  following: Following,
  { event, digest }: Extract<Taken, { kind: "end" }>,
): AsyncGenerator<Followed, StreamEnd> {
  const { cursor, request } = following;
  if (digest === "wrong") {
    if (following.reread) throw toStreamError("its events do not match their digest, twice");
    following.reread = true;
    cursor.restart();
    const message = "The events did not match their digest and were read again; those that were shown may differ.";
    request.notes.add({ code: "SERVER_EVENTS_REREAD", message });
    return "broken";
  }
  if (digest === "unknown") {
    const message =
      "The server gives no digest of its events, or not all of them could be read: nobody can tell whether all came.";
    request.notes.add({ code: "SERVER_EVENTS_UNVERIFIED", message });
  }
  yield { kind: "complete", event };
  return "complete";
}

function noteUnnumbered(notes: Notes): void {
  const message = "The server does not number its events: some may be missing or shown twice.";
  notes.add({ code: "SERVER_EVENTS_UNNUMBERED", message });
}

function toStreamError(what: string): WorkerError {
  return new WorkerError("SERVER_STREAM", `The server's stream of events is broken: ${what}.`);
}

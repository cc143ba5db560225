import { z } from "zod";
import { digestEvent, streamEndSchema } from "../../protocol/task-event.ts";
import { parseJson } from "../../util/parse-json.ts";

/** An event of a task as it came. */
export interface ServerEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a text that came over a stream is. */
export type Taken =
  | { readonly kind: "event"; readonly event: ServerEvent }
  /** The last event. `digest`: whether all events came as they were stored; unknown where the server does not say. */
  | { readonly kind: "end"; readonly event: ServerEvent; readonly digest: "right" | "wrong" | "unknown" }
  /** Seen already. */
  | { readonly kind: "duplicate" }
  /** The server's first frame. */
  | { readonly kind: "hello" }
  /** Something is missing before it. */
  | { readonly kind: "gap" }
  /** The server has begun the task's events anew. */
  | { readonly kind: "epoch" }
  | { readonly kind: "junk" };

/** Knows how far a task's events were read: each is taken exactly once, in order. */
export interface EventCursor {
  /** The last event that was taken. */
  readonly after: number;
  readonly epoch: string | null;
  /** No event has had a number so far: a plainer server. */
  readonly isUnnumbered: boolean;
  /** `isExact`: the text is as it was stored, byte for byte. */
  take(text: string, isExact: boolean): Taken;
  /** A new connection begins: unnumbered events may come again from the start. */
  reconnect(): void;
  /** From the first event on; with another epoch where one is given. */
  restart(): void;
  /** The next event cannot be had. */
  skip(): void;
}

const frameSchema = z.looseObject({
  type: z.string().min(1).max(200),
  seq: z.number().int().positive().optional(),
  epoch: z.string().max(200).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
type Frame = z.infer<typeof frameSchema>;

export function createEventCursor(knownEpoch: string | null): EventCursor {
  return new OpenCursor(knownEpoch);
}

class OpenCursor implements EventCursor {
  after = 0;
  epoch: string | null;
  isUnnumbered = false;
  #digest = "";
  /** Every text was read as it was stored. */
  #isWhole = true;
  #first: string | null = null;
  /** Of unnumbered events: how many of this connection are known already; null before its first one. */
  #replayed: number | null = null;

  constructor(epoch: string | null) {
    this.epoch = epoch;
  }

  take(text: string, isExact: boolean): Taken {
    const frame = frameSchema.safeParse(parseJson(text)).data;
    if (frame === undefined) return { kind: "junk" };
    if (this.#isOtherLog(frame)) return { kind: "epoch" };
    if (frame.type === "hello" && frame.seq === undefined) return { kind: "hello" };
    const seq = frame.seq ?? this.#countUnnumbered(text);
    if (seq <= this.after) return { kind: "duplicate" };
    if (seq > this.after + 1) return { kind: "gap" };
    return this.#accept(frame, text, isExact);
  }

  reconnect(): void {
    this.#replayed = null;
  }

  restart(): void {
    this.after = 0;
    this.#digest = "";
    this.#isWhole = true;
    this.#first = null;
    this.#replayed = null;
  }

  skip(): void {
    this.after += 1;
    this.#isWhole = false;
  }

  #isOtherLog({ epoch }: Frame): boolean {
    if (epoch === undefined) return false;
    const isOther = this.epoch !== null && this.epoch !== epoch;
    this.epoch = epoch;
    return isOther;
  }

  /** The number that an event without one would have. */
  #countUnnumbered(text: string): number {
    this.isUnnumbered = true;
    this.#replayed ??= text === this.#first ? 0 : this.after;
    this.#first ??= text;
    this.#replayed += 1;
    return this.#replayed;
  }

  #accept(frame: Frame, text: string, isExact: boolean): Taken {
    const { type, data = toData(frame) } = frame;
    const event = { type, data };
    if (type === "complete") return { kind: "end", event, digest: this.#verify(data) };
    this.after += 1;
    this.#isWhole &&= isExact;
    this.#digest = digestEvent(this.#digest, text);
    return { kind: "event", event };
  }

  #verify(data: ServerEvent["data"]): "right" | "wrong" | "unknown" {
    const end = streamEndSchema.safeParse(data).data;
    if (end === undefined) return "unknown";
    if (end.eventCount === this.after && end.eventDigest === this.#digest) return "right";
    return this.#isWhole ? "wrong" : "unknown";
  }
}

/** Where a plainer server puts everything beside the type. */
function toData({ type: _type, seq: _seq, epoch: _epoch, ...rest }: Frame): Record<string, unknown> {
  return rest;
}

import type { HttpClient } from "../http-client.ts";
import type { Failure } from "../reply.ts";

/** Where a stream begins. */
export interface StreamPlace {
  readonly taskId: string;
  /** The last event that is known. */
  readonly after: number;
  readonly epoch: string | null;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** What a transport brings: texts of events, then, once and last, how it ended. An end never says that the task has ended. */
export type StreamPart =
  | { readonly kind: "text"; readonly text: string; readonly isExact: boolean }
  | { readonly kind: "closed" }
  /** A text was larger than any event may be. */
  | { readonly kind: "oversize" }
  /** Somebody answered, and gives no such stream. */
  | { readonly kind: "refused"; readonly failure: Failure }
  /** The server does not know the place: its log is another one. */
  | { readonly kind: "resync" }
  /** Broke off, or never came about. */
  | { readonly kind: "broken" };

/** A way to follow a task. Holds little however much comes: whoever does not read holds up the server. */
export type Transport = (client: HttpClient, place: StreamPlace) => AsyncIterable<StreamPart>;

/** An event is at most 256 KiB. What is larger by far is no event. */
export const maxTextBytes = 1024 * 1024;

/** 410: what was asked for is of a log that is gone. */
export function toRefusal(failure: Failure): StreamPart {
  return failure.status === 410 ? { kind: "resync" } : { kind: "refused", failure };
}

export function buildQuery({ after, epoch }: StreamPlace): string {
  const query = new URLSearchParams({ after: String(after) });
  if (epoch !== null) query.set("epoch", epoch);
  return query.toString();
}

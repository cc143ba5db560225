import type { Backoff } from "./backoff.ts";
import { createBackoff } from "./backoff.ts";
import { createEventCursor } from "./event-cursor.ts";
import type { EventCursor, ServerEvent } from "./event-cursor.ts";
import type { HttpClient } from "./http-client.ts";
import type { Notes } from "./notes.ts";
import type { RemoteTask } from "./remote-task.ts";
import { followByPolling } from "./transports/poll.ts";
import { followBySse } from "./transports/sse.ts";
import type { Transport } from "./transports/transport.ts";
import { followByWebSocket } from "./transports/web-socket.ts";

/** What comes of following a task: its events, then, once and last, its end. */
export type Followed =
  | { readonly kind: "event"; readonly event: ServerEvent }
  /** The log has begun anew: what was told before counts no more. */
  | { readonly kind: "restarted" }
  /** The `complete` event. */
  | { readonly kind: "complete"; readonly event: ServerEvent }
  /** The task has ended, and its last event cannot be had. */
  | { readonly kind: "ended"; readonly task: RemoteTask };

export interface FollowRequest {
  readonly taskId: string;
  readonly epoch: string | null;
  readonly notes: Notes;
  /** Ends it; the task goes on. */
  readonly signal: AbortSignal;
  /** The log of the task has this name; for the run's record. */
  readonly onEpoch: (epoch: string) => void;
}

/** A task that is being followed. */
export interface Following {
  readonly client: HttpClient;
  readonly request: FollowRequest;
  readonly cursor: EventCursor;
  readonly transports: Transport[];
  readonly backoff: Backoff;
  /** Streams in a row that brought nothing at all, though the server answered otherwise. */
  fruitless: number;
  /** The stream that is open has brought something, if only the server's first frame. */
  heard: boolean;
  /** Answers in a row that there is no such task. */
  missing: number;
  /** What the server asked to wait before the next stream. */
  retryAfterMs: number | null;
  gaps: number;
  oversizes: number;
  /** Streams that ended although the task had ended, without its last event. */
  endless: number;
  /** When the server last said something sensible. */
  lastContact: number;
  /** Events up to here were told before; the log is only read again to compare it. */
  told: number;
  reread: boolean;
}

export function createFollowing(client: HttpClient, request: FollowRequest): Following {
  const isProxied = client.endpoint.proxyUrl !== undefined;
  return {
    client,
    request,
    cursor: createEventCursor(request.epoch),
    // Proxies let event streams pass more often than WebSockets.
    transports: [...(isProxied ? [] : [followByWebSocket]), followBySse, followByPolling],
    backoff: createBackoff(client.settings.patience.backoff),
    fruitless: 0,
    heard: false,
    missing: 0,
    retryAfterMs: null,
    gaps: 0,
    oversizes: 0,
    endless: 0,
    lastContact: performance.now(),
    told: 0,
    reread: false,
  };
}

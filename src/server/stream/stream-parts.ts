import type { Metrics } from "../../metrics/metrics.ts";
import type { TaskStore } from "../../store/tasks/task-store.ts";
import { createConnections } from "./connections.ts";
import type { Connections } from "./connections.ts";
import { createEventFeed } from "./event-feed.ts";
import type { EventFeed } from "./event-feed.ts";
import { defaultStreamOptions } from "./stream-options.ts";
import type { StreamOptions } from "./stream-options.ts";

/** What all transports share. */
export interface StreamParts {
  readonly store: Pick<TaskStore, "readEvents" | "waitForChange">;
  readonly feed: EventFeed;
  readonly connections: Connections;
  readonly options: StreamOptions;
  /** Told what ended a stream that should not have ended; the client is only told that the server failed. */
  readonly onError: (error: unknown) => void;
}

export interface StreamWiring {
  readonly store: StreamParts["store"];
  readonly metrics: Pick<Metrics, "streamOpened" | "streamClosed">;
  readonly onError: StreamParts["onError"];
  readonly options?: Partial<StreamOptions>;
}

export function createStreamParts({ store, metrics, onError, options }: StreamWiring): StreamParts {
  const all: StreamOptions = { ...defaultStreamOptions, ...options };
  return {
    store,
    feed: createEventFeed({ store, options: all }),
    connections: createConnections(metrics, all.connectionsPerOwner),
    options: all,
    onError,
  };
}

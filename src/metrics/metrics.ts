import type { Outcome } from "../core/outcome.ts";
import type { Usage } from "../core/usage.ts";

/** What the server counts and times; docs/operations.md lists the names that Prometheus sees. Never throws. */
export interface Metrics {
  /** An HTTP request was answered. `route` is the pattern (`/api/v1/tasks/{id}`), never a path: there is no end of paths. */
  requestDone(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly ms: number;
  }): void;
  taskReceived(): void;
  /** `code`: of the problem. */
  taskRejected(code: string): void;
  /** A task begins an attempt after `waitMs` in the queue. */
  taskStarted(waitMs: number): void;
  taskEnded(task: {
    readonly state: string;
    readonly outcome: Outcome;
    /** The reason's code; null where all went well. */
    readonly code: string | null;
    /** Since its submission. */
    readonly ms: number;
    readonly usage: Usage;
  }): void;
  /** From the task's submission until its agent's first event. */
  firstEvent(ms: number, warm: boolean): void;
  eventsAppended(count: number): void;
  breakerChanged(state: "closed" | "open" | "half-open", failures: number): void;
  streamOpened(transport: StreamTransport): void;
  streamClosed(transport: StreamTransport): void;
  /** Asked at each scrape. */
  onScrape(read: () => Promise<{ readonly active: number; readonly queued: number; readonly warm: number }>): void;
  /** The exposition and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export type StreamTransport = "ws" | "sse" | "ndjson" | "poll";

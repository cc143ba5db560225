import type { AgentEvent } from "./agent-event.ts";

/** What the envelope adds that logs, streams and `--output ndjson` carry. */
export interface EventEnvelope {
  readonly v: 1;
  readonly runId: string;
  /** Contiguous from 1. */
  readonly seq: number;
  /** RFC 3339 with milliseconds, UTC. */
  readonly ts: string;
}

export type RunEvent = EventEnvelope & AgentEvent;

/** Called for each event, in order; must not throw. The run goes on when it has resolved: a slow listener slows the run. */
export type EventListener = (event: RunEvent) => void | Promise<void>;

import type { AgentEvent } from "./agent-event.ts";

/** An event in the envelope that logs, streams and `--output ndjson` carry. `seq` is contiguous from 1. */
export interface RunEvent {
  readonly v: 1;
  readonly runId: string;
  readonly seq: number;
  /** RFC 3339 with milliseconds, UTC. */
  readonly ts: string;
  readonly type: AgentEvent["type"];
  readonly data: AgentEvent["data"];
}

/** Called for each event, in order; must not throw and must not wait. */
export type EventListener = (event: RunEvent) => void;

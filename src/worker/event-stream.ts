import type { AgentEvent } from "../core/agent-event.ts";
import type { EventListener, RunEvent } from "../core/run-event.ts";

/** Puts events into their envelope, with a sequence without gaps, and hands each to every listener in turn. */
export function createEventStream(
  runId: string,
  listeners: readonly EventListener[],
): (event: AgentEvent) => Promise<void> {
  let seq = 0;
  return async (agentEvent) => {
    seq += 1;
    const event: RunEvent = { v: 1, runId, seq, ts: new Date().toISOString(), ...agentEvent };
    for (const listener of listeners) await listener(event);
  };
}

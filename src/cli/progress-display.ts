import type { AgentEvent } from "../core/agent-event.ts";
import type { Palette } from "../report/palette.ts";
import type { CliOutput } from "./context.ts";

export interface ProgressClock {
  /** Milliseconds; only differences matter. */
  now(): number;
  /** Calls back until the returned function is called; keeps no process alive. */
  every(intervalMs: number, callback: () => void): () => void;
}

/** One way to show how a run goes. */
export interface ProgressDisplay {
  onEvent(event: AgentEvent): void;
  close(): void;
}

export interface DisplaySettings {
  readonly stream: CliOutput;
  readonly palette: Palette;
  readonly clock: ProgressClock;
  readonly verbose: boolean;
}

import type { AgentEvent } from "../../core/agent-event.ts";
import type { CredentialKind } from "../../core/credential.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import type { Task } from "../../core/task.ts";
import type { ModelFailure } from "../../gateway/model-failure.ts";
import type { TextLine } from "../../util/lines.ts";

/** What is particular to one agent CLI that runs in a container: how to start it, and how to understand it. */
export interface AgentCli {
  readonly name: string;
  buildCommand(request: CommandRequest): AgentCommand;
  /** The larger half, loaded while the container starts (docs/adr/0010-two-phases.md). */
  loadReading(): Promise<AgentReading>;
}

export interface AgentReading {
  openReader(): AgentReader;
  judge(ending: AgentEnding): Verdict;
}

export interface CommandRequest {
  readonly task: Pick<Task, "prompt" | "model" | "limits" | "session">;
  /** The kind of the real one: the CLI behaves differently with a key and with a token. */
  readonly credential: CredentialKind;
  /** What a conversation that begins is to be called: a UUID. */
  readonly conversationId: string;
  /** Where the CLI works inside. */
  readonly workTree: string;
  /** Where the model answers on the loopback inside. */
  readonly modelPort: number;
}

/**
 * How the CLI is started. Two tasks with equal `argv` and `environment` can be given to one CLI that was started before there was
 * either of them.
 */
export interface AgentCommand {
  readonly argv: readonly string[];
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the CLI reads on its stdin, to the end. It waits for that as long as need be. */
  readonly input: Uint8Array;
  /** Its conversation, and the file inside that it keeps it in. Lines that begin with `omitted` are not for a later task. */
  readonly conversation: { readonly id: string; readonly file: string; readonly omitted: string };
}

/** Reads the CLI's stdout, line by line; knows at any time what has been said so far. */
export interface AgentReader {
  read(line: TextLine): AgentEvent[];
  facts(): AgentFacts;
}

export interface AgentFacts {
  readonly sessionId: string | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly turns: number;
  readonly toolCalls: Readonly<Record<string, number>>;
  /** null as long as the CLI has stated none. */
  readonly costUsd: number | null;
  readonly result: AgentResultLine | null;
}

/** What the CLI itself says of its end. */
export interface AgentResultLine {
  readonly isError: boolean;
  /** `success`, `error_max_turns`... */
  readonly kind: string;
  readonly turns: number;
  readonly text: string;
  readonly stopReason: string | null;
  /** HTTP status of the provider's last error, where that ended the run. */
  readonly apiStatus: number | null;
}

/** Why the host stopped the agent CLI, if it did. */
export type StopCause = "cancelled" | "wall-clock" | "idle" | "turns" | "result-seen";

/** Everything a verdict may rest on. */
export interface AgentEnding {
  readonly facts: AgentFacts;
  readonly stopCause: StopCause | null;
  readonly exit: AgentExit | null;
  /** The provider's last failure that no success followed, as the gateway saw it. */
  readonly modelFailure: ModelFailure | null;
  readonly stderrTail: string;
}

export interface AgentExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The CLI could not be started. */
  readonly error: string | null;
  readonly outOfMemoryKills: number;
}

export interface Verdict {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
}

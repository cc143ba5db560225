import type { AgentEvent } from "./agent-event.ts";
import type { RemoteRun } from "./remote-run.ts";
import type { Task } from "./task.ts";

/** Where the raw streams of an attempt are kept; a log that cannot be written never stops the run. */
export interface AgentLogs {
  /** A line of the agent CLI's stdout, in pieces; resolves when there is room for more. */
  agent(pieces: readonly (string | Uint8Array)[]): Promise<void>;
  stderr(pieces: readonly (string | Uint8Array)[]): Promise<void>;
  /** One request through the gateway. */
  egress(record: object): void;
  /** The container now exists under this id. */
  container(id: string): void;
  /**
   * The agent CLI's own record of its conversation, for a later task to continue: bytes that an agent may have forged. `id` is the
   * one that we gave or continued. Resolves when all of `content` was read, whether it could be kept or not.
   */
  session?(id: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** A task server carries the run out. Resolves when it is on disk; `request` is what was sent, to be sent again. Rejects when the disk refuses. */
  remote?(run: RemoteRun, request?: string): Promise<void>;
}

/** What an agent works with as soon as its repository is known. */
export interface AgentPlace<Repository> {
  readonly repository: Repository;
  /** A private directory (0700, short path) for sockets; its owner removes it. */
  readonly runtimeDirectory: string;
  /** The same for large files: on a disk, where the other may be in memory. */
  readonly scratchDirectory: string;
  readonly logs: AgentLogs;
  /** Takes secrets out of what the agent says; applied once, before anything is kept or shown. */
  readonly redact: (text: string) => string;
}

/** When an agent ends before its time. */
export interface AgentSignals {
  /** Aborted with a CancelSignal: the agent stops, keeps its partial work and completes as `cancelled`. */
  readonly signal: AbortSignal;
  /** Aborted, after `signal`, when partial work is not to be waited for: everything is removed at once. */
  readonly killSignal: AbortSignal | undefined;
}

export interface AgentContext<Repository> extends AgentPlace<Repository>, AgentSignals {
  /** The commit to work on. */
  readonly base: string;
  /** Name of the branch the work is meant for, without refs/heads/. */
  readonly branch: string;
}

export interface AgentPreparation<Repository> extends AgentSignals {
  readonly task: Task;
  /** The run's own directories are there; nothing else may be changed yet. */
  readonly place: Promise<AgentPlace<Repository>>;
  /** The commit to work on. Rejects where the task turns out to be wrong. */
  readonly base: Promise<string>;
}

/**
 * An agent turns (repository, base commit, task) into events and, in the end, a commit in that repository.
 * The last event is `complete`, exactly one, whatever happens; when the iterator has returned, nothing of it runs any more.
 */
export interface Agent<Repository> {
  readonly name: string;
  run(task: Task, context: AgentContext<Repository>): AsyncIterable<AgentEvent>;
  /**
   * Gets ready for one run while its task is checked and its branch reserved: loads, looks up, and once its base is known
   * makes what the agent will run in, without starting it. Disposing leaves nothing of it, whether it was run or not.
   */
  prepare?(preparation: AgentPreparation<Repository>): PreparedAgent<Repository>;
}

export interface PreparedAgent<Repository> extends Pick<Agent<Repository>, "run">, AsyncDisposable {}

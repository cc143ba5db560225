/** What is asked of an agent, with everything that decides how it is carried out. Immutable. */
export interface Task {
  /** The run id (ULID, 26 characters). */
  readonly runId: string;
  /** The prompt, byte for byte as it was given. */
  readonly prompt: Uint8Array;
  /** One line for people: the first line of the prompt, at most 72 characters. */
  readonly title: string;
  /** Name of the agent, a key of the table in agents/. */
  readonly agent: string;
  /** Model name as the agent CLI understands it; undefined: the agent's default. */
  readonly model: string | undefined;
  readonly limits: TaskLimits;
  /** A conversation that the task continues; undefined: it begins one. */
  readonly session?: TaskSession | undefined;
}

export interface TaskSession {
  /** As the agent CLI called it: AgentResult.agent.sessionId of the task that had it last. */
  readonly id: string;
  /** The agent CLI's own record of it, as AgentLogs.session was given it; undefined where a task server keeps it. */
  readonly file?: string | undefined;
}

export interface TaskLimits {
  readonly maxTurns: number | undefined;
  readonly maxCostUsd: number | undefined;
  readonly timeoutMs: number;
  /** Without a sign of life from the agent CLI; undefined: as long as the agent thinks right. */
  readonly idleMs?: number | undefined;
}

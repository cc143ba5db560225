import type { AgentResult } from "../../core/agent-event.ts";
import type { SessionResource, TaskResource, InterruptMode } from "../../protocol/task-resource.ts";
import type { TaskRequest } from "../../protocol/task-request.ts";
import type { TaskState, TerminalState } from "../../protocol/task-state.ts";

/** A task with what only the server knows of it. */
export interface StoredTask extends TaskResource {
  /** Name of the key that sent it. */
  readonly owner: string;
  readonly request: TaskRequest;
  /** Grows with every claim: only who holds the current one may write. */
  readonly fence: number;
  /** When the lease of the attempt ends, milliseconds since 1970; null where nobody holds one. */
  readonly leaseUntil: number | null;
  /** What was asked for; null: nothing. */
  readonly interrupt: InterruptMode | null;
  /** False until the state is terminal, and where no run was ever begun. */
  readonly hasReport: boolean;
}

export interface NewTask {
  readonly owner: string;
  readonly request: TaskRequest;
  readonly title: string;
  readonly agent: string;
  /** Undefined: every request makes a task. Unique per owner, kept as long as its task. */
  readonly idempotencyKey: string | undefined;
  /** Hex SHA-256 of the request, to tell a replay from another request with the same key. */
  readonly bodyHash: string;
  /** Most tasks that may be queued, over all and of one owner. */
  readonly queueLimit: number;
  readonly ownerLimit: number;
}

export type CreateResult =
  | { readonly kind: "created" | "replayed"; readonly task: StoredTask }
  /** The key was used for another request. */
  | { readonly kind: "mismatch" }
  | { readonly kind: "full"; readonly scope: "all" | "owner" };

/** Someone's right to carry out an attempt: valid while `fence` is the task's current one. */
export interface Claim {
  readonly taskId: string;
  readonly fence: number;
  readonly attempt: number;
  /** The run id of this attempt. */
  readonly runId: string;
}

export interface NewEvent {
  readonly ts: string;
  readonly type: string;
  readonly data: unknown;
}

/** How a task ends: `result` becomes the data of its `complete` event, and outcome, reason and commit of the task. */
export interface TaskEnding {
  readonly state: TerminalState;
  readonly result: AgentResult;
  /** The commit it started from; null where none was resolved. */
  readonly base: string | null;
  /** The RunReport as JSON text; null where no run was ever begun. */
  readonly report: string | null;
  readonly ts: string;
}

export interface EventRow {
  readonly seq: number;
  /** The event's JSON text: what every transport sends. */
  readonly text: string;
}

export interface TaskQuery {
  readonly owner: string;
  readonly states: readonly TaskState[];
  /** `name` or `name=value`; all must hold. */
  readonly labels: readonly string[];
  readonly parent: string | undefined;
  /** 1 to 100. */
  readonly limit: number;
  /** What an earlier page gave as its `nextCursor`. */
  readonly cursor: string | undefined;
}

export interface StoredSession extends SessionResource {
  readonly owner: string;
  /** File with the agent CLI's own record of the conversation. */
  readonly file: string;
}

export interface TaskCounts {
  readonly queued: number;
  readonly active: number;
  readonly byState: Readonly<Record<TaskState, number>>;
}

export interface Expired {
  readonly tasks: readonly StoredTask[];
  readonly sessions: readonly StoredSession[];
}

/**
 * The task server's memory. What a call has answered is durable: it survives the end of any process. All writes of an attempt
 * name its claim and answer null (nothing is written) where the claim is no longer the current one. Every implementation passes test/conformance/task-store.ts.
 * Throws STORE_FAILED, DISK_FULL; after DISK_FULL it goes on working as soon as there is room.
 */
export interface TaskStore extends AsyncDisposable {
  /** What /health calls it: `sqlite`. */
  readonly engine: string;
  /** Changes when the log is not the same any more: a new, a copied or an older database. */
  readonly epoch: string;

  create(task: NewTask): Promise<CreateResult>;
  read(id: string): Promise<StoredTask | null>;
  /** Newest first. Throws USAGE where the cursor is none of ours. */
  list(query: TaskQuery): Promise<{ readonly tasks: readonly StoredTask[]; readonly nextCursor: string | null }>;
  readReport(id: string): Promise<string | null>;
  /** Only a terminal task, with its events; false where it is not there or has not ended. */
  remove(id: string): Promise<boolean>;
  /** The run ids of all attempts of a task, also of those that are not counted. */
  listRuns(id: string): Promise<readonly string[]>;
  /**
   * What may be forgotten, of all owners, the oldest first and some hundred at most: tasks that ended before `before` (milliseconds since
   * 1970), and conversations that were continued last before it and that no unfinished task is to continue.
   */
  listExpired(before: number): Promise<Expired>;

  /** Gives the next queued task to who asks: owners in turn, each owner's oldest first; null where none is queued. */
  claim(options: {
    readonly leaseMs: number;
    readonly runId: string;
  }): Promise<{ readonly task: StoredTask; readonly claim: Claim } | null>;
  /** Extends the lease; null: the claim is lost. Shows what was asked for meanwhile. */
  renew(claim: Claim, leaseMs: number): Promise<StoredTask | null>;
  /**
   * A step along the table of transitions, and the base once it is resolved. Throws where the table does not know the step. A task
   * that is `cancelling` stays so: an attempt cannot know in time.
   */
  advance(claim: Claim, state: TaskState, facts?: { readonly base?: string }): Promise<StoredTask | null>;
  /** Appends in order, several calls in one transaction; answers the last seq. */
  append(claim: Claim, events: readonly NewEvent[]): Promise<number | null>;
  /** Writes the terminal state, the report and the `complete` event (with eventCount and eventDigest) at once; the claim ends. */
  finish(claim: Claim, ending: TaskEnding): Promise<StoredTask | null>;
  /**
   * Hands a task back to the queue before anything of it counted (drain); the attempt is not counted. One that is `cancelling` is
   * `cancelled` instead. False: the claim is lost.
   */
  release(claim: Claim): Promise<boolean>;
  /**
   * Wish to stop. A queued task is `cancelled` at once (with its `complete` event); a running one becomes `cancelling`; `changed`
   * is false where it was stopping or had ended.
   */
  interrupt(id: string, mode: InterruptMode): Promise<{ readonly task: StoredTask; readonly changed: boolean } | null>;
  /**
   * Tasks whose lease is over: back to the queue (event `attempt.lost`) while attempts are left and `onLost` allows, else `lost`
   * (`cancelled` where that was asked for). Answers what it changed.
   */
  sweep(now: number): Promise<readonly StoredTask[]>;

  /** Events after a seq, at most `limit` and fewer where they are large, with the task's state as of the same moment; `complete`: none will follow these. Null: no such task. */
  readEvents(
    id: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly events: readonly EventRow[]; readonly lastSeq: number; readonly complete: boolean } | null>;
  /** Resolves when the task may have changed or got events since this call, when `ms` are over, or when aborted. Never rejects. */
  waitForChange(id: string, ms: number, signal: AbortSignal): Promise<void>;
  /** The same for the queue: something may be there to claim. */
  waitForWork(ms: number, signal: AbortSignal): Promise<void>;

  counts(owner?: string): Promise<TaskCounts>;

  saveSession(session: StoredSession): Promise<void>;
  readSession(owner: string, id: string): Promise<StoredSession | null>;
  listSessions(owner: string): Promise<readonly StoredSession[]>;
  /** Answers what was removed, so that its file can be. */
  removeSession(owner: string, id: string): Promise<StoredSession | null>;
}

/** An attempt and one more: for lost infrastructure only, since an agent's failure costs money each time. */
export const maxAttempts = 2;

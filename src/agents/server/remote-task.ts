import { z } from "zod";
import { outcomeSchema, reasonSchema } from "../../core/ending-schema.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import { commitIdSchema } from "../../protocol/identifiers.ts";
import { isTerminal, taskStateSchema } from "../../protocol/task-state.ts";
import type { TaskState, TerminalState } from "../../protocol/task-state.ts";

/** A task as its server shows it, as far as a client needs it. Plainer servers than ours say less. */
export interface RemoteTask {
  readonly id: string;
  readonly state: TaskState;
  readonly epoch: string | null;
  readonly lastSeq: number | null;
  readonly outcome: Outcome | null;
  readonly reason: Reason | null;
  /** null: there is none; undefined: the server does not say. */
  readonly commit: string | null | undefined;
  /** Words of the server that are not ours, and were understood. */
  readonly synonyms: readonly string[];
}

const idSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const word = z.string().max(200).optional().catch(undefined);

const bodySchema = z.looseObject({
  id: idSchema.optional(),
  taskId: idSchema.optional(),
  task_id: idSchema.optional(),
  state: word,
  status: word,
  epoch: z.string().max(200).optional().catch(undefined),
  lastSeq: z.number().int().nonnegative().optional().catch(undefined),
  outcome: outcomeSchema.nullish().catch(undefined),
  reason: reasonSchema.nullish().catch(undefined),
  commit: commitIdSchema.nullish().catch(undefined),
});

/** null where it is no task. */
export function parseRemoteTask(value: unknown): RemoteTask | null {
  const body = bodySchema.safeParse(value).data;
  const id = body?.id ?? body?.taskId ?? body?.task_id;
  if (body === undefined || id === undefined) return null;
  const { epoch = null, lastSeq = null, outcome = null, reason = null, commit } = body;
  return { id, ...readState(body), epoch, lastSeq, outcome, reason, commit };
}

function readState(body: z.infer<typeof bodySchema>): Pick<RemoteTask, "state" | "synonyms"> {
  const said = body.state ?? body.status ?? "queued";
  const state = parseState(said);
  const names = body.id === undefined ? [body.taskId === undefined ? "task_id" : "taskId"] : [];
  const isOurs = state === said && body.state !== undefined;
  return { state: state ?? "running", synonyms: isOurs ? names : [...names, said] };
}

const synonyms: Readonly<Record<string, TaskState>> = {
  accepted: "queued",
  pending: "queued",
  created: "queued",
  submitted: "queued",
  starting: "preparing",
  initializing: "preparing",
  started: "running",
  active: "running",
  processing: "running",
  in_progress: "running",
  "in-progress": "running",
  complete: "succeeded",
  completed: "succeeded",
  success: "succeeded",
  successful: "succeeded",
  done: "succeeded",
  finished: "succeeded",
  ok: "succeeded",
  error: "failed",
  errored: "failed",
  failure: "failed",
  unavailable: "failed",
  unpublished: "failed",
  canceled: "cancelled",
  aborted: "cancelled",
  stopped: "cancelled",
  interrupted: "cancelled",
  timeout: "timed_out",
  timedout: "timed_out",
  "timed-out": "timed_out",
  expired: "timed_out",
};

/** undefined: a word that nobody knows, so nothing that one could take for an end. */
export function parseState(said: string): TaskState | undefined {
  const lower = said.toLowerCase();
  const known = taskStateSchema.safeParse(lower);
  if (known.success) return known.data;
  return Object.hasOwn(synonyms, lower) ? synonyms[lower] : undefined;
}

/** The outcome of a task in this state; null: it has not ended. */
export function toRemoteOutcome({ state, outcome }: Pick<RemoteTask, "state" | "outcome">): Outcome | null {
  return isTerminal(state) ? (outcome ?? byState[state]) : null;
}

const byState: Readonly<Record<TerminalState, Outcome>> = {
  succeeded: "succeeded",
  no_changes: "no_changes",
  failed: "failed",
  limited: "limited",
  timed_out: "timed_out",
  cancelled: "cancelled",
  lost: "unavailable",
};

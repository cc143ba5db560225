import type { TaskRequest } from "../../protocol/task-request.ts";
import type { StoredTask } from "../../store/tasks/task-store.ts";
import { buildFieldError, ProblemError, toProblemError } from "../http/problem-error.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { RouteParts } from "../server-parts.ts";
import { createBaseCheck } from "./known-bases.ts";
import { buildNewTask, checkReferences, checkSupport } from "./task-requests.ts";

export interface Submission {
  readonly request: TaskRequest;
  readonly idempotencyKey: string | undefined;
}

export interface Submitted {
  readonly kind: "created" | "replayed";
  readonly task: StoredTask;
}

type Submit = (owner: string, submission: Submission) => Promise<Submitted>;

/** Takes tasks in. When it has answered, the task is durable. Throws what is wrong with the request, IN_FLIGHT, QUEUE_FULL, DRAINING. */
export function createSubmit(parts: RouteParts): Submit {
  const inFlight = new Set<string>();
  const count = countRefusals(parts);
  const checkBase = createBaseCheck(parts.repositories);
  const submit = (owner: string, submission: Submission) => takeIn({ ...parts, checkBase }, owner, submission);
  return async (owner, submission) => {
    const { idempotencyKey } = submission;
    if (idempotencyKey === undefined) return count(submit(owner, submission));
    const name = `${owner}\n${idempotencyKey}`;
    if (inFlight.has(name)) throw new ProblemError("IN_FLIGHT", { headers: { "Retry-After": "1" } });
    inFlight.add(name);
    try {
      return await count(submit(owner, submission));
    } finally {
      inFlight.delete(name);
    }
  };
}

function countRefusals({ metrics }: RouteParts): (submitting: Promise<Submitted>) => Promise<Submitted> {
  return async (submitting) => {
    try {
      const submitted = await submitting;
      if (submitted.kind === "created") metrics.taskReceived();
      return submitted;
    } catch (error) {
      metrics.taskRejected(toProblemError(error).code);
      throw error;
    }
  };
}

interface SubmitParts extends RouteParts {
  readonly checkBase: Repositories["check"];
}

async function takeIn(parts: SubmitParts, owner: string, submission: Submission): Promise<Submitted> {
  const { request, idempotencyKey } = submission;
  if (parts.isDraining()) throw new ProblemError("DRAINING");
  checkSupport(request, parts);
  await checkReferences(owner, request, parts);
  const problem = await parts.checkBase(owner, request.repository, parts.closing);
  if (problem !== null) throw buildFieldError(problem.code, problem.pointer, problem.message);
  const result = await parts.store.create(buildNewTask(owner, request, { ...parts, idempotencyKey }));
  switch (result.kind) {
    case "created":
    case "replayed":
      return result;
    case "mismatch":
      throw new ProblemError("KEY_REUSED");
    case "full":
      throw new ProblemError("QUEUE_FULL", {
        detail: result.scope === "all" ? "The server's queue is full." : "This key has as many tasks queued as it may.",
      });
  }
}

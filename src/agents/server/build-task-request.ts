import type { Task } from "../../core/task.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { maxTaskBytes, taskRequestSchema } from "../../protocol/task-request.ts";
import type { TaskRequest } from "../../protocol/task-request.ts";
import { parseJson } from "../../util/parse-json.ts";
import { formatSize } from "../../util/size.ts";

/** What is sent to a server: the body of `POST /api/v1/tasks`. Throws USAGE where the task cannot be sent as it is. */
export function buildTaskRequest(task: Task, repository: { readonly key: string; readonly base: string }): TaskRequest {
  const { maxTurns, maxCostUsd, timeoutMs, idleMs } = task.limits;
  return {
    task: decodePrompt(task.prompt),
    repository,
    agent: task.agent,
    ...(task.model === undefined ? {} : { model: task.model }),
    limits: {
      wallSeconds: timeoutMs / 1000,
      ...(idleMs === undefined ? {} : { idleSeconds: idleMs / 1000 }),
      ...(maxTurns === undefined ? {} : { turns: maxTurns }),
      ...(maxCostUsd === undefined ? {} : { costUsd: maxCostUsd }),
    },
    ...(task.session === undefined ? {} : { session: task.session.id }),
    labels: { "agent-worker.run": task.runId },
  };
}

function decodePrompt(prompt: Uint8Array): string {
  if (prompt.length > maxTaskBytes) {
    throw new WorkerError("USAGE", `The task is too long for a server: more than ${formatSize(maxTaskBytes)}.`, {
      hint: "Put large material into the repository and name it in the task.",
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(prompt);
  } catch (cause) {
    throw new WorkerError("USAGE", "The task is not UTF-8 text; a server takes no other.", {
      hint: "Convert it: iconv -t utf-8 FILE",
      cause,
    });
  }
}

/** The task that was sent, for who follows it again. Throws RUN_NOT_FOUND where it is none. */
export function parseTaskRequest(
  text: string,
  { runId, title }: { readonly runId: string; readonly title: string },
): Task {
  const request = taskRequestSchema.safeParse(parseJson(text)).data;
  if (request === undefined) throw new WorkerError("RUN_NOT_FOUND", `What the run ${runId} sent is damaged.`);
  const { limits = {}, agent = "claude", model, session } = request;
  return {
    runId,
    title,
    prompt: Buffer.from(request.task),
    agent,
    model,
    ...(session === undefined ? {} : { session: { id: session } }),
    limits: {
      maxTurns: limits.turns,
      maxCostUsd: limits.costUsd,
      timeoutMs: (limits.wallSeconds ?? longestSeconds) * 1000,
      ...(limits.idleSeconds === undefined ? {} : { idleMs: limits.idleSeconds * 1000 }),
    },
  };
}

const longestSeconds = 2_592_000;

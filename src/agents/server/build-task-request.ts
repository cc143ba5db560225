import type { Task } from "../../core/task.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { maxTaskBytes } from "../../protocol/task-request.ts";
import type { TaskRequest } from "../../protocol/task-request.ts";
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

import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TaskSession } from "../../core/task.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { sessionIdSchema } from "../../protocol/identifiers.ts";
import type { Store } from "../../store/store.ts";
import type { Claim, StoredTask, TaskStore } from "../../store/tasks/task-store.ts";
import { removeSession } from "../maintenance/remove-session.ts";
import { toRepositoryKey } from "../repositories/create-repositories.ts";

/** Conversations from task to task: `<data directory>/sessions/<owner>/<id>.jsonl`, of which the store holds the list. */
export interface TaskSessions {
  /** The conversation that the task continues. Throws SESSION_UNKNOWN where it was removed meanwhile. */
  find(task: StoredTask): Promise<TaskSession | undefined>;
  /** Keeps what the run of an attempt that counts has left, under its id; of two tasks that continue the same one the later one's stays. */
  keep(task: StoredTask, claim: Claim): Promise<void>;
}

export interface TaskSessionParts {
  readonly store: Pick<TaskStore, "saveSession" | "readSession" | "listSessions" | "removeSession">;
  /** The runs of this server, below its data directory. */
  readonly runs: Pick<Store, "readRun">;
  readonly dataDirectory: string;
  /** Of one owner; the one that was continued least recently goes first. Default: 200. */
  readonly mostSessions?: number;
}

export function createTaskSessions(parts: TaskSessionParts): TaskSessions {
  const { store } = parts;
  return {
    async find({ owner, request }) {
      if (request.session === undefined) return undefined;
      const session = await store.readSession(owner, request.session);
      if (session === null) throw new WorkerError("SESSION_UNKNOWN", "The conversation was removed meanwhile.");
      return { id: session.id, file: session.file };
    },
    keep: (task, claim) => keepSession(parts, task, claim),
  };
}

async function keepSession(parts: TaskSessionParts, task: StoredTask, { runId }: Claim): Promise<void> {
  const { store, runs, dataDirectory } = parts;
  const { record, paths } = await runs.readRun(runId);
  const id = sessionIdSchema.safeParse(record?.session).data;
  if (id === undefined) return;
  const { size } = await stat(paths.session);
  const { owner, agent, request } = task;
  const file = join(dataDirectory, "sessions", owner, `${id}.jsonl`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rename(paths.session, file);
  const before = await store.readSession(owner, id);
  const now = new Date().toISOString();
  await store.saveSession({
    id,
    owner,
    file,
    agent,
    repository: toRepositoryKey(request.repository),
    taskId: task.id,
    title: before?.title ?? task.title,
    sizeBytes: size,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  });
  await trim(parts, owner);
}

const mostByDefault = 200;

async function trim({ store, mostSessions = mostByDefault }: TaskSessionParts, owner: string): Promise<void> {
  for (const { id } of (await store.listSessions(owner)).slice(mostSessions)) {
    await removeSession(store, { owner, id });
  }
}

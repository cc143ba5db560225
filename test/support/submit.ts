import type { TaskRequest } from "../../src/protocol/task-request.ts";
import { taskResourceSchema } from "../../src/protocol/task-resource.ts";
import type { TaskState } from "../../src/protocol/task-state.ts";
import type { TaskResource } from "../../src/protocol/task-resource.ts";
import { isTerminal } from "../../src/protocol/task-state.ts";
import { runRemoteGit } from "./remote-git.ts";
import type { TestRepository } from "./repository.ts";
import type { TestServer } from "./task-server.ts";

/** Pushes HEAD as a base, under the key `app`, and gives its id. */
export async function pushBase(server: TestServer, repository: TestRepository, key = "app"): Promise<string> {
  const base = repository.git("rev-parse", "HEAD");
  const remote = `${server.url}/api/v1/repositories/${key}.git`;
  const { exitCode, stderr } = await runRemoteGit(repository.path, ["push", remote, `${base}:refs/inbox/${base}`]);
  if (exitCode !== 0) throw new Error(stderr);
  return base;
}

/** Submits a task on what `pushBase` has pushed. */
export async function submitTask(
  server: TestServer,
  base: string,
  request: Partial<TaskRequest> = {},
): Promise<TaskResource> {
  const json = { task: "Add a file", repository: { key: "app", base }, ...request };
  const answer = await server.request("/api/v1/tasks", { json });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return taskResourceSchema.parse(await answer.json());
}

/** Waits, as a client does, until the task has ended. */
export function waitForEnd(server: TestServer, id: string): Promise<TaskResource> {
  return waitForTask(server, id, ({ state }) => isTerminal(state));
}

export function waitForState(server: TestServer, id: string, state: TaskState): Promise<TaskResource> {
  return waitForTask(server, id, (task) => task.state === state);
}

async function waitForTask(
  server: TestServer,
  id: string,
  isThere: (task: TaskResource) => boolean,
): Promise<TaskResource> {
  let tag = "";
  for (;;) {
    const answer = await server.request(`/api/v1/tasks/${id}?wait=30s`, { headers: { "If-None-Match": tag } });
    if (answer.status === 304) continue;
    const task = taskResourceSchema.parse(await answer.json());
    if (isThere(task)) return task;
    if (isTerminal(task.state)) throw new Error(`the task has ended as ${task.state}`);
    tag = answer.headers.get("ETag") ?? "";
  }
}

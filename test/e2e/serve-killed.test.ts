import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { taskResourceSchema } from "../../src/protocol/task-resource.ts";
import type { TaskResource } from "../../src/protocol/task-resource.ts";
import { openEngine } from "../support/engine.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { createWorld, listLeftovers } from "../support/world.ts";
import type { World } from "../support/world.ts";

/** Ended with the test, however that ends. */
interface Server extends Disposable {
  readonly url: string;
  readonly process: ChildProcess;
}

async function serve(world: World): Promise<Server> {
  const { process } = world.start(["serve", "--port", "0", "--quiet"]);
  if (process.stdout === null) throw new Error("no pipe");
  for await (const line of createInterface(process.stdout)) {
    const url = /listening on (http\S+)/.exec(line)?.[1];
    if (url !== undefined) return { url, process, [Symbol.dispose]: () => void process.kill("SIGKILL") };
  }
  throw new Error("the server has not started");
}

async function call(url: string, method = "GET", body?: unknown): Promise<TaskResource> {
  const response = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return taskResourceSchema.parse(JSON.parse(text));
}

async function follow(url: string, isThere: (task: TaskResource) => boolean): Promise<TaskResource> {
  for (;;) {
    const task = await call(url);
    if (isThere(task)) return task;
    await call(`${url}?wait=1s`);
  }
}

async function countContainers(world: World): Promise<number> {
  await using engine = await openEngine();
  const all = await engine.docker.listContainers({ all: true });
  return all.filter(({ Mounts }) =>
    Mounts.some(({ Source }) => Source.startsWith(world.environment["XDG_RUNTIME_DIR"] ?? "?")),
  ).length;
}

it("A server that is killed in the middle of a task is started again: what it left is gone, and the task goes on", async () => {
  await using world = await createWorld({ scenario: "hang" });
  const base = world.repository.git("rev-parse", "HEAD");
  using first = await serve(world);
  const remote = `${first.url}/api/v1/repositories/app.git`;
  expect(await runRemoteGit(world.repository.path, ["push", remote, `HEAD:refs/inbox/${base}`])).toMatchObject({
    exitCode: 0,
  });
  const { id } = await call(`${first.url}/api/v1/tasks`, "POST", { task: "Hang", repository: { key: "app", base } });
  await follow(`${first.url}/api/v1/tasks/${id}`, ({ state }) => state === "running");
  expect(await countContainers(world)).toBe(1);
  const killed = once(first.process, "exit");
  first.process.kill("SIGKILL");
  await killed;
  expect(await countContainers(world)).toBe(1);

  using second = await serve(world);
  const url = `${second.url}/api/v1/tasks/${id}`;
  expect(await follow(url, ({ state, attempt }) => state === "running" && attempt === 2)).toMatchObject({ id });
  await call(`${url}/interrupt`, "POST", { mode: "graceful" });
  expect(await follow(url, ({ endedAt }) => endedAt !== null)).toMatchObject({ state: "cancelled", attempt: 2 });
  const ended = once(second.process, "exit");
  second.process.kill("SIGTERM");
  await ended;
  expect(await countContainers(world)).toBe(0);
  expect(listLeftovers(world)).toEqual([]);
});

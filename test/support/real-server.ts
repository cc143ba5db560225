import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Health } from "../../src/protocol/server-info.ts";
import { healthSchema } from "../../src/protocol/server-info.ts";
import type { TaskEvent } from "../../src/protocol/task-event.ts";
import { taskEventSchema } from "../../src/protocol/task-event.ts";
import type { TaskRequest } from "../../src/protocol/task-request.ts";
import { taskResourceSchema } from "../../src/protocol/task-resource.ts";
import type { TaskResource } from "../../src/protocol/task-resource.ts";
import { isTerminal } from "../../src/protocol/task-state.ts";
import { buildServer } from "../../src/wire-server.ts";
import { openEngine } from "./engine.ts";
import { runRemoteGit } from "./remote-git.ts";
import { testKeys } from "./task-server.ts";
import type { World } from "./world.ts";

/** The whole server as `serve` builds it, in this process: its tasks run in containers, with the world's model. */
export interface RealServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDirectory: string;
  /** The log so far, a line for each entry. */
  readonly log: readonly string[];
  request(path: string, init?: RealRequest): Promise<Response>;
  /** Pushes HEAD of the world's repository and gives its id. */
  push(key?: string): Promise<string>;
  /** Runs a task to its end. */
  run(base: string, request?: Partial<TaskRequest>): Promise<EndedTask>;
  health(): Promise<Health>;
  /** Once so many agents wait and nothing runs. */
  waiting(count: number): Promise<void>;
  /** The ids of the containers there are. */
  listContainers(): Promise<readonly string[]>;
  drain(): Promise<void>;
}

export interface RealRequest {
  readonly method?: string;
  readonly json?: unknown;
  readonly owner?: keyof typeof testKeys;
}

export interface EndedTask {
  readonly task: TaskResource;
  readonly events: readonly TaskEvent[];
  /** The agent was waiting for it. */
  readonly isWarm: boolean;
  /** What its conversation is called. */
  readonly session: string;
}

export async function openRealServer(world: World, flags: Readonly<Record<string, string>> = {}): Promise<RealServer> {
  const keys = Object.entries(testKeys).map(([name, key]) => `${name}:${key}`);
  const environment = { ...world.environment, AGENT_WORKER_SERVER_KEYS: keys.join(",") };
  const all = { "--port": "0", ...flags };
  const given = new Map(Object.entries(all).map(([name, value]) => [name, [value]]));
  const { config } = await loadConfig({ flags: given, environment, workingDirectory: world.stateDirectory });
  const log: string[] = [];
  const logStream = { write: (line: string) => log.push(line) };
  const server = await buildServer(config, { environment, version: "0.0.0", logStream });
  const { url } = server;
  const request: RealServer["request"] = (path, { method = "GET", json, owner = "alice" } = {}) =>
    fetch(`${url}${path}`, {
      method: json === undefined ? method : "POST",
      headers: { Authorization: `Bearer ${testKeys[owner]}`, "Content-Type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const health = async (): Promise<Health> => healthSchema.parse(await (await request("/health")).json());
  return {
    url,
    dataDirectory: config.serve.dataDirectory,
    log,
    request,
    async push(key = "app") {
      const base = world.repository.git("rev-parse", "HEAD");
      const remote = `${url}/api/v1/repositories/${key}.git`;
      const { exitCode, stderr } = await runRemoteGit(world.repository.path, [
        "push",
        remote,
        `HEAD:refs/inbox/${base}`,
      ]);
      if (exitCode !== 0) throw new Error(stderr);
      return base;
    },
    run: (base, own = {}) => runTask(request, { task: "Write hello", repository: { key: "app", base }, ...own }),
    health,
    async waiting(count) {
      for (;;) {
        const { warm, active } = await health();
        if (warm.ready === count && active === 0) return;
        await sleep(20);
      }
    },
    listContainers: () => listContainers(world),
    drain: () => server.drain(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Containers whose sockets are the world's. */
export async function listContainers(world: World): Promise<readonly string[]> {
  await using engine = await openEngine();
  const all = await engine.docker.listContainers({ all: true });
  const ours = all.filter(({ Mounts }) => Mounts.some(({ Source }) => Source.startsWith(world.runtimeDirectory)));
  return ours.map(({ Id }) => Id);
}

async function runTask(request: RealServer["request"], json: TaskRequest): Promise<EndedTask> {
  const answer = await request("/api/v1/tasks", { json });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  let task = taskResourceSchema.parse(await answer.json());
  const path = join("/api/v1/tasks", task.id);
  while (!isTerminal(task.state)) {
    task = taskResourceSchema.parse(await (await request(`${path}?wait=5s`)).json());
  }
  const page = (await (await request(`${path}/events?limit=1000`)).json()) as { readonly events: readonly unknown[] };
  const events = page.events.map((event) => taskEventSchema.parse(event));
  const find = (type: string) => events.find((event) => event.type === type)?.data ?? {};
  return {
    task,
    events,
    isWarm: find("workspace.ready")["warm"] === true,
    session: String(find("agent.started")["sessionId"]),
  };
}

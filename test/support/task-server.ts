import { join } from "node:path";
import type { AgentEvent, AgentResult } from "../../src/core/agent-event.ts";
import type { Agent, AgentContext } from "../../src/core/agent.ts";
import type { Runner } from "../../src/core/runner.ts";
import type { Task } from "../../src/core/task.ts";
import { emptyTimings, emptyUsage } from "../../src/core/empty.ts";
import type { Repository } from "../../src/git/repository.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import type { ServerKey } from "../../src/server/access/key-ring.ts";
import { openKeys } from "../../src/server/access/open-keys.ts";
import type { DispatcherSettings } from "../../src/server/dispatch/dispatcher-parts.ts";
import { defaultDispatcherSettings } from "../../src/server/dispatch/dispatcher-parts.ts";
import { createLogger } from "../../src/server/logger.ts";
import { openServer } from "../../src/server/open-server.ts";
import type { RunningServer, WholeServer } from "../../src/server/open-server.ts";
import { createPageHandler, findPageDirectory } from "../../src/server/page.ts";
import { createRepositories } from "../../src/server/repositories/create-repositories.ts";
import { defaultLimits } from "../../src/server/server-limits.ts";
import type { ServerLimits } from "../../src/server/server-limits.ts";
import type { StreamOptions } from "../../src/server/stream/stream-options.ts";
import { openStore } from "../../src/store/store.ts";
import { openSqliteTaskStore } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { SqliteOptions } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { TaskStore } from "../../src/store/tasks/task-store.ts";
import { createRunner } from "../../src/worker/run-task.ts";
import { gitSettings, makeDirectory, runTestGit } from "./repository.ts";

/** What the agent of a test does; the way from its commit to the result is the real one. */
export type Act = (task: Task, context: AgentContext<Repository>) => AsyncIterable<AgentEvent>;

export interface TestServerOptions {
  /** Default: `alice` and `bob`, with the keys of `testKeys`. [] is a server without keys. */
  readonly keys?: readonly ServerKey[];
  readonly keysFile?: string;
  readonly settings?: Partial<WholeServer["settings"]>;
  readonly limits?: Partial<ServerLimits>;
  readonly stream?: Partial<StreamOptions>;
  readonly dispatch?: Partial<DispatcherSettings>;
  /** Default: says something, commits a file `work.txt` and is done. */
  readonly act?: Act;
  /** Instead of the real runner around `act`. */
  readonly runner?: Runner;
  /** Default: a temporary one, removed in the end. */
  readonly dataDirectory?: string;
  readonly workspaceRoots?: readonly string[];
  readonly sqlite?: SqliteOptions;
  /** Wraps what the server sees of the store. */
  readonly wrapStore?: (store: TaskStore) => TaskStore;
  /** True: the page is served. */
  readonly page?: boolean;
}

export interface TestServer extends RunningServer {
  readonly store: TaskStore;
  readonly dataDirectory: string;
  /** Every line of the log so far, as it was written. */
  readonly log: string[];
  /** A request with alice's key; `path` begins with a slash. */
  request(path: string, init?: TestRequest): Promise<Response>;
}

export type TestRequest = Omit<RequestInit, "headers"> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** null: none. */
  readonly key?: string | null;
  /** Sent as JSON, with POST. */
  readonly json?: unknown;
};

export const testKeys = { alice: "alice-key-0123456789", bob: "bob-key-0123456789" } as const;

/** A whole task server in this process, on a free port: a real store, real repositories, the real way of a run around `act`. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const stack = new AsyncDisposableStack();
  const dataDirectory = options.dataDirectory ?? stack.use(makeDirectory("agent-worker-server-")).path;
  const opened = await openSqliteTaskStore(join(dataDirectory, "tasks.sqlite"), options.sqlite);
  const store = options.wrapStore?.(opened) ?? opened;
  const log: string[] = [];
  try {
    const server = stack.use(await openServer(await buildWhole(options, { store, dataDirectory, log })));
    return {
      ...server,
      store,
      dataDirectory,
      log,
      request: (path, init = {}) => send(`${server.url}${path}`, init),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function send(url: string, { key = testKeys.alice, headers, json, ...init }: TestRequest): Promise<Response> {
  const authorization = key === null ? {} : { Authorization: `Bearer ${key}` };
  const body = json === undefined ? {} : { method: "POST", body: JSON.stringify(json) };
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  return fetch(url, { redirect: "manual", ...body, ...init, headers: { ...authorization, ...type, ...headers } });
}

interface Ground {
  readonly store: TaskStore;
  readonly dataDirectory: string;
  readonly log: string[];
}

async function buildWhole(options: TestServerOptions, ground: Ground): Promise<WholeServer> {
  const { store, dataDirectory, log } = ground;
  const { workspaceRoots = [] } = options;
  const standardKeys = Object.entries(testKeys).map(([name, key]) => ({ name, key, expiresAt: null }));
  const logger = createLogger({ level: "debug", stream: { write: (line) => log.push(line) } });
  const settings = {
    host: "127.0.0.1",
    port: 0,
    version: "0.0.0",
    concurrency: 2,
    queueLimit: 1_000,
    publicHosts: [],
    dataDirectory,
    drainMs: 1_000,
    keepMs: 86_400_000,
    ...options.settings,
  };
  const runner = options.runner ?? createTestRunner(options.act ?? commitWork, dataDirectory);
  return {
    settings,
    dispatch: { ...defaultDispatcherSettings, ...options.dispatch },
    limits: { ...defaultLimits, ...options.limits },
    stream: options.stream,
    store,
    runs: openStore(dataDirectory),
    repositories: createRepositories({ dataDirectory, git: gitSettings, workspaceRoots, urlHosts: [] }),
    runners: () => runner,
    ...(options.page === true ? { page: createPageHandler(findPageDirectory() ?? "") } : {}),
    metrics: createMetrics(),
    keys: await openKeys({ ...settings, keys: options.keys ?? standardKeys, keysFile: options.keysFile }, logger),
    agents: { standard: "claude", names: ["claude"] },
    agentCli: () => Promise.resolve({ name: "claude", version: null, engine: "unknown" }),
    git: gitSettings,
    logger,
  };
}

function createTestRunner(act: Act, dataDirectory: string): Runner {
  const agent: Agent<Repository> = { name: "claude", run: act };
  return createRunner({
    agent,
    executionMode: "cli",
    git: gitSettings,
    store: openStore(dataDirectory),
    runtimeParent: dataDirectory,
    redact: (text) => text,
  });
}

/** The end of an agent's work. */
export function buildComplete(result: Partial<AgentResult> = {}): AgentEvent {
  const agent = { name: "claude", version: "1.0.0", model: "test", sessionId: null };
  const standard = { outcome: "succeeded", reason: null, commit: null, container: null } as const;
  return {
    type: "complete",
    data: { ...standard, agent, usage: { ...emptyUsage, turns: 1 }, timings: emptyTimings, ...result },
  };
}

/** A commit on the base that adds `work.txt`, kept as an import keeps it. */
export function makeWork(task: Task, { repository, base }: AgentContext<Repository>): string {
  const git = (args: readonly string[], input?: string): string =>
    runTestGit(repository.gitDirectory, args, input).toString("utf8").trimEnd();
  const blob = git(["hash-object", "-w", "--stdin"], `${task.title}\n`);
  const before = git(["ls-tree", base]);
  const tree = git(["mktree"], `${before === "" ? "" : `${before}\n`}100644 blob ${blob}\twork.txt\n`);
  const commit = git(["commit-tree", tree, "-p", base, "-m", task.title]);
  git(["update-ref", `refs/agent-worker/${task.runId}`, commit]);
  return commit;
}

async function* commitWork(task: Task, context: AgentContext<Repository>): AsyncGenerator<AgentEvent> {
  yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
  yield { type: "message", data: { text: "I will add a file." } };
  yield buildComplete({ commit: makeWork(task, context) });
}

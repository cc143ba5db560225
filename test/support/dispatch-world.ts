import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import type { Runner } from "../../src/core/runner.ts";
import { taskEventSchema, digestEvent } from "../../src/protocol/task-event.ts";
import type { TaskEvent } from "../../src/protocol/task-event.ts";
import type { TaskRequest } from "../../src/protocol/task-request.ts";
import { isTerminal } from "../../src/protocol/task-state.ts";
import type { TaskState } from "../../src/protocol/task-state.ts";
import type { DispatcherParts, DispatcherSettings } from "../../src/server/dispatch/dispatcher-parts.ts";
import { defaultDispatcherSettings } from "../../src/server/dispatch/dispatcher-parts.ts";
import type { Dispatcher } from "../../src/server/dispatch/dispatcher.ts";
import { startDispatcher } from "../../src/server/dispatch/start-dispatcher.ts";
import { createRepositories } from "../../src/server/repositories/create-repositories.ts";
import type { Repositories } from "../../src/server/repositories/repositories.ts";
import { openSqliteTaskStore } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { SqliteOptions } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { StoredTask, TaskStore } from "../../src/store/tasks/task-store.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "./repository.ts";
import { createScriptedRunner } from "./scripted-runner.ts";
import type { Script } from "./scripted-runner.ts";

export const owner = "alice";
const never = new AbortController().signal;

export interface DispatchWorldOptions {
  readonly store?: SqliteOptions;
  /** Default: a temporary one, removed in the end. */
  readonly dataDirectory?: string;
  /** Wraps what the dispatcher sees of the store. */
  readonly wrapStore?: (store: TaskStore) => TaskStore;
}

/** A data directory with a repository `app` and its base, and a store with nothing in it. */
export interface DispatchWorld extends AsyncDisposable {
  readonly dataDirectory: string;
  readonly store: TaskStore;
  readonly repositories: Repositories;
  /** The bare repository. */
  readonly directory: string;
  readonly base: string;
  /** What the metrics were told, in order. */
  readonly told: readonly (readonly [name: string, ...facts: unknown[]])[];
  /** Once the metrics are told, or were. */
  hear(name: string, ...facts: readonly unknown[]): Promise<void>;
  start(script: Script, options?: StartOptions): Promise<Dispatcher>;
  submit(request?: Partial<TaskRequest>): Promise<StoredTask>;
  /** Once the task is in one of the states. */
  reach(id: string, ...states: readonly TaskState[]): Promise<StoredTask>;
  end(id: string): Promise<StoredTask>;
  readEvents(id: string): Promise<readonly TaskEvent[]>;
  /** Every ref of the repository. */
  refs(): readonly string[];
  git(...args: readonly string[]): string;
}

export interface StartOptions extends Partial<DispatcherSettings> {
  /** Given instead of a script. */
  readonly runner?: Runner;
  readonly parts?: Partial<DispatcherParts>;
}

export async function openDispatchWorld(options: DispatchWorldOptions = {}): Promise<DispatchWorld> {
  await using stack = new AsyncDisposableStack();
  const dataDirectory = options.dataDirectory ?? stack.use(makeDirectory("agent-worker-dispatch-")).path;
  const opened = stack.use(await openSqliteTaskStore(join(dataDirectory, "tasks.sqlite"), options.store));
  const store = options.wrapStore?.(opened) ?? opened;
  const repositories = createRepositories({ dataDirectory, git: gitSettings, workspaceRoots: [], urlHosts: [] });
  const { directory, base } = await pushBase(repositories);
  const told: (readonly [string, ...unknown[]])[] = [];
  const ears = new EventEmitter();
  const tell = (...fact: readonly [string, ...unknown[]]): void => {
    told.push(fact);
    ears.emit("told");
  };
  const metrics: DispatcherParts["metrics"] = {
    taskStarted: (ms) => tell("taskStarted", ms),
    taskEnded: (task) => tell("taskEnded", task),
    firstEvent: (ms, warm) => tell("firstEvent", ms, warm),
    eventsAppended: (count) => tell("eventsAppended", count),
    breakerChanged: (state, failures) => tell("breakerChanged", state, failures),
  };
  const git = (...args: readonly string[]): string => runTestGit(directory, args).toString("utf8").trim();
  const dispatchers = stack.use(new AsyncDisposableStack());
  const reach: DispatchWorld["reach"] = async (id, ...states) => {
    for (;;) {
      const waiting = store.waitForChange(id, 200, never);
      const task = await store.read(id);
      if (task === null) throw new Error(`no task ${id}`);
      if (states.includes(task.state)) return task;
      if (isTerminal(task.state)) throw new Error(`task ${id} is ${task.state}: ${JSON.stringify(task.reason)}`);
      await waiting;
    }
  };
  const moved = stack.move();
  return {
    dataDirectory,
    store,
    repositories,
    directory,
    base,
    told,
    async hear(...wanted) {
      const isTold = (): boolean => told.some((fact) => JSON.stringify(fact) === JSON.stringify(wanted));
      while (!isTold()) await once(ears, "told");
    },
    async start(script, { parts, runner, ...settings } = {}) {
      const dispatcher = await startDispatcher({
        store,
        repositories,
        runners: () => runner ?? createScriptedRunner(script),
        metrics,
        logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
        settings: { ...defaultDispatcherSettings, concurrency: 2, dataDirectory, ...settings },
        ...parts,
      });
      return dispatchers.use(dispatcher);
    },
    submit: (request = {}) => submit(store, { task: "Do it", repository: { key: "app", base }, ...request }),
    reach,
    async end(id) {
      return reach(id, "succeeded", "no_changes", "failed", "limited", "timed_out", "cancelled", "lost");
    },
    readEvents: async (id) => (await readTexts(store, id)).map((text) => taskEventSchema.parse(JSON.parse(text))),
    refs: () =>
      git("for-each-ref", "--format=%(refname)")
        .split("\n")
        .filter((ref) => ref !== ""),
    git,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

let submitted = 0;

async function submit(store: TaskStore, request: TaskRequest): Promise<StoredTask> {
  submitted += 1;
  const created = await store.create({
    owner,
    request,
    title: request.task,
    agent: request.agent ?? "claude",
    idempotencyKey: undefined,
    bodyHash: createHash("sha256").update(String(submitted)).digest("hex"),
    queueLimit: 1_000,
    ownerLimit: 1_000,
  });
  if (created.kind !== "created") throw new Error(created.kind);
  return created.task;
}

async function pushBase(repositories: Repositories): Promise<{ directory: string; base: string }> {
  const directory = await repositories.ensure(owner, "app", never);
  using source = makeRepository();
  const base = source.git("rev-parse", "HEAD");
  source.git("push", "--quiet", directory, `HEAD:refs/inbox/${base}`);
  return { directory, base };
}

export async function readTexts(store: TaskStore, id: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for (;;) {
    const page = await store.readEvents(id, { after: texts.length, limit: 10_000 });
    if (page === null || page.events.length === 0) return texts;
    texts.push(...page.events.map(({ text }) => text));
  }
}

/** P3 and P4: contiguous, one `complete`, last, and the digest that it carries is right. */
export async function expectWhole(store: TaskStore, id: string): Promise<void> {
  const texts = await readTexts(store, id);
  const events = texts.map((text) => taskEventSchema.parse(JSON.parse(text)));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
  const last = events.at(-1);
  expect(last).toMatchObject({
    type: "complete",
    data: { eventCount: events.length - 1, eventDigest: texts.slice(0, -1).reduce(digestEvent, "") },
  });
}

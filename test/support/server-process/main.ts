import { setTimeout as sleep } from "node:timers/promises";
import type { AgentEvent } from "../../../src/core/agent-event.ts";
import type { AgentContext } from "../../../src/core/agent.ts";
import type { Task } from "../../../src/core/task.ts";
import type { Repository } from "../../../src/git/repository.ts";
import type { DispatcherSettings } from "../../../src/server/dispatch/dispatcher-parts.ts";
import type { TaskStore } from "../../../src/store/tasks/task-store.ts";
import { buildComplete, makeWork, startTestServer } from "../task-server.ts";

export interface TestProgramOptions {
  readonly dataDirectory: string;
  /** 0: any free one. */
  readonly port: number;
  readonly concurrency?: number;
  /** Tasks that may wait, over all keys and of each. */
  readonly queueLimit?: number;
  readonly dispatch?: Partial<DispatcherSettings>;
  /** Messages of each run, and the pause before each. */
  readonly messages: number;
  readonly pauseMs: number;
  /** The whole process stands still for so long in the middle of each run. */
  readonly blockMs?: number;
  /** It ends at once when a task is stored, before anybody is told. */
  readonly diesAfterCreate?: boolean;
}

/** `node main.ts OPTIONS`: a whole task server, to be killed. */
async function serve(options: TestProgramOptions): Promise<void> {
  const { dataDirectory, port, concurrency = 4, queueLimit = 1_000, dispatch, diesAfterCreate = false } = options;
  const server = await startTestServer({
    dataDirectory,
    settings: { port, concurrency, queueLimit },
    limits: { ownerQueue: queueLimit },
    ...(dispatch === undefined ? {} : { dispatch }),
    ...(diesAfterCreate ? { wrapStore: killAfterCreate } : {}),
    act: (task, context) => act(options, task, context),
  });
  process.stdout.write(`listening on ${server.url}\n`);
  process.on("SIGTERM", () => void server.drain().then(() => server[Symbol.asyncDispose]()));
}

/** Each message names the run and its place in it; the last thing is a real commit. */
async function* act(
  { messages, pauseMs, blockMs = 0 }: TestProgramOptions,
  task: Task,
  context: AgentContext<Repository>,
): AsyncGenerator<AgentEvent> {
  yield { type: "agent.started", data: { sessionId: null, model: "test", version: "1.0.0" } };
  for (let place = 0; place < messages; place += 1) {
    if (blockMs > 0 && place === Math.floor(messages / 2)) block(blockMs);
    if (pauseMs > 0) await sleep(pauseMs);
    yield { type: "message", data: { text: `${task.runId} ${place}` } };
  }
  yield buildComplete({ commit: makeWork(task, context) });
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function killAfterCreate(store: TaskStore): TaskStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "create") {
        return async (task: Parameters<TaskStore["create"]>[0]) => {
          await target.create(task);
          process.kill(process.pid, "SIGKILL");
          // Nothing is answered any more.
          return new Promise(() => undefined);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

await serve(JSON.parse(process.argv[2] ?? "{}"));

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { taskEventSchema } from "../../src/protocol/task-event.ts";
import type { TaskEvent } from "../../src/protocol/task-event.ts";
import { openSqliteTaskStore } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { StoredTask } from "../../src/store/tasks/task-store.ts";
import { makeDirectory } from "./repository.ts";
import { killAtStart, startTestProgram } from "./server-process.ts";
import { longPatience, openClientWorld } from "./server-world.ts";
import type { RunResult } from "./server-world.ts";

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** Each has one task after the other. */
  readonly clients: number;
}

/** A task as its client and as the store has it in the end. */
export interface ChaosTask extends RunResult {
  readonly task: StoredTask;
  readonly texts: readonly string[];
  readonly stored: readonly TaskEvent[];
}

export interface Chaos {
  readonly tasks: readonly ChaosTask[];
  /** Tasks that no client has sent, or one has sent twice. */
  readonly strangers: number;
}

/** Of each run. */
export const messages = 30;

/** A server that is killed at random points while clients send tasks and follow them; then they come to their ends in peace. */
export async function runChaos({ kills, seed, clients }: ChaosOptions): Promise<Chaos> {
  using directory = makeDirectory("agent-worker-chaos-");
  const random = createRandom(seed);
  const dispatch = { leaseMs: 2_000, renewMs: 500, sweepMs: 300 };
  const program = { dataDirectory: directory.path, concurrency: 3, messages, pauseMs: 2, dispatch };
  let server = await startTestProgram({ ...program, port: 0 });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => server[Symbol.asyncDispose]());
  const { url, port } = server;
  await using world = openClientWorld();
  const over = new AbortController();
  const follow = async (): Promise<RunResult[]> => {
    const results: RunResult[] = [];
    while (!over.signal.aborted) results.push(await world.run([url], { patience: longPatience }));
    return results;
  };
  const following = Promise.all(Array.from({ length: clients }, follow));
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(random(900));
    await server.end("SIGKILL");
    // Now and then it is killed before it has come up.
    if (random(5) === 0) await killAtStart({ ...program, port }, random(400));
    server = await startTestProgram({ ...program, port });
  }
  over.abort();
  const results = (await following).flat();
  await server.end("SIGTERM");
  return await compare(directory.path, results);
}

async function compare(dataDirectory: string, results: readonly RunResult[]): Promise<Chaos> {
  await using store = await openSqliteTaskStore(join(dataDirectory, "tasks.sqlite"));
  let all = 0;
  for (let cursor: string | undefined; ;) {
    const query = { owner: "alice", states: [], labels: [], parent: undefined, limit: 100, cursor };
    const page = await store.list(query);
    all += page.tasks.length;
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  const tasks = await Promise.all(
    results.map(async (result): Promise<ChaosTask> => {
      const labels = [`agent-worker.run=${result.report.runId}`];
      const query = { owner: "alice", states: [], labels, parent: undefined, limit: 100, cursor: undefined };
      const [task] = (await store.list(query)).tasks;
      if (task === undefined) throw new Error(`no task of ${JSON.stringify(result.report.reason)}`);
      const page = await store.readEvents(task.id, { after: 0, limit: 100_000 });
      const texts = page?.events.map(({ text }) => text) ?? [];
      return { ...result, task, texts, stored: texts.map((text) => taskEventSchema.parse(JSON.parse(text))) };
    }),
  );
  return { tasks, strangers: all - tasks.length };
}

/** What a run has said, in order. */
export function listMessages(events: readonly { readonly type: string; readonly data: unknown }[]): readonly string[] {
  return events.flatMap(({ type, data }) =>
    type === "message" && typeof data === "object" && data !== null && "text" in data ? [String(data.text)] : [],
  );
}

/** Messages that a store has and a client has not heard, and those that a client has heard more than once, over all tasks. */
export function countFaults(tasks: readonly ChaosTask[]): { readonly lost: number; readonly doubled: number } {
  let lost = 0;
  let doubled = 0;
  for (const { events, stored } of tasks) {
    const heard = listMessages(events);
    const known = new Set(heard);
    doubled += heard.length - known.size;
    lost += listMessages(stored).filter((text) => !known.has(text)).length;
  }
  return { lost, doubled };
}

/** mulberry32: whole numbers below a limit. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import { mkdtempDisposable } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocket } from "ws";
import { buildEmptyResult } from "../../../src/core/build-empty-result.ts";
import { WorkerError } from "../../../src/core/worker-error.ts";
import { buildProblem, toProblemError } from "../../../src/server/http/problem-error.ts";
import { createEventHandler } from "../../../src/server/stream/event-handler.ts";
import { eventQuerySchema } from "../../../src/server/stream/event-query.ts";
import { createSocketHandler } from "../../../src/server/stream/socket-handler.ts";
import type { SocketHandler } from "../../../src/server/stream/socket-handler.ts";
import { createStreamParts } from "../../../src/server/stream/stream-parts.ts";
import type { StreamParts } from "../../../src/server/stream/stream-parts.ts";
import type { StreamOptions } from "../../../src/server/stream/stream-options.ts";
import { openSqliteTaskStore } from "../../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { Claim, NewEvent, TaskStore } from "../../../src/store/tasks/task-store.ts";

export interface StreamWorld extends AsyncDisposable {
  readonly store: TaskStore;
  readonly parts: StreamParts;
  readonly sockets: SocketHandler;
  readonly server: Server;
  readonly port: number;
  /** What the handlers reported, and how many streams are open by transport. */
  readonly errors: unknown[];
  readonly open: Map<string, number>;
  /** How many waits for a change are under way in the store. */
  waits(): number;
  startTask(owner?: string): Promise<Writer>;
  eventsUrl(taskId: string, query?: string): string;
  connect(taskId: string, query?: string): WebSocket;
}

/** The worker's side of a task. */
export interface Writer {
  readonly taskId: string;
  readonly claim: Claim;
  append(events: readonly NewEvent[]): Promise<number | null>;
  finish(): Promise<void>;
  /** All texts as they are stored. */
  texts(): Promise<string[]>;
}

/** A store in a temporary directory, with the streams in front of it and nothing else. */
export async function createStreamWorld(
  options: Partial<StreamOptions> = {},
  wrap: (store: TaskStore) => StreamParts["store"] = (store) => store,
): Promise<StreamWorld> {
  const directory = await mkdtempDisposable(join(tmpdir(), "agent-worker-test-"));
  const store = await openSqliteTaskStore(join(directory.path, "tasks.sqlite"));
  const open = new Map<string, number>();
  const errors: unknown[] = [];
  const wrapped = wrap(store);
  let waits = 0;
  const parts = createStreamParts({
    store: {
      readEvents: (id, range) => wrapped.readEvents(id, range),
      async waitForChange(id, ms, signal) {
        waits += 1;
        await wrapped.waitForChange(id, ms, signal);
        waits -= 1;
      },
    },
    metrics: {
      streamOpened: (transport) => void open.set(transport, (open.get(transport) ?? 0) + 1),
      streamClosed: (transport) => void open.set(transport, (open.get(transport) ?? 0) - 1),
    },
    onError: (error) => void errors.push(error),
    options: { pollMs: 200, ...options },
  });
  const sockets = createSocketHandler(parts);
  const server = startServer(store, parts, sockets);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    store,
    parts,
    sockets,
    server,
    port,
    errors,
    open,
    waits: () => waits,
    startTask: (owner = "local") => startTask(store, owner),
    eventsUrl: (taskId, query = "") => `http://127.0.0.1:${port}/api/v1/tasks/${taskId}/events${query}`,
    connect: (taskId, query = "") => new WebSocket(`ws://127.0.0.1:${port}/ws/tasks/${taskId}${query}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await sockets.closeAll(1012);
      server.close();
      await store[Symbol.asyncDispose]();
      await directory.remove();
    },
  };
}

function startServer(store: TaskStore, parts: StreamParts, sockets: SocketHandler): Server {
  const answer = createEventHandler(parts);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError((error) => {
    const problem = buildProblem(toProblemError(error), "request");
    return Response.json(problem, { status: problem.status });
  });
  app.get("/api/v1/tasks/:id/events", async (context) => {
    const task = await store.read(context.req.param("id"));
    if (task === null) return context.notFound();
    const query = eventQuerySchema.parse(context.req.query());
    return answer({ task, query, headers: context.req.raw.headers, outgoing: context.env.outgoing });
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.on("upgrade", (request, socket, head) => {
    const id = /^\/ws\/tasks\/(\w+)/.exec(request.url ?? "")?.[1] ?? "";
    void store.read(id).then((task) => {
      if (task === null) return socket.destroy();
      return sockets.handle({ task, request, socket, head, requestId: "request" });
    });
  });
  return server;
}

let keys = 0;

async function startTask(store: TaskStore, owner: string): Promise<Writer> {
  const created = await store.create({
    owner,
    request: { task: "Do it.", repository: { key: "demo", base: "0".repeat(40) } },
    title: "Do it.",
    agent: "claude",
    idempotencyKey: undefined,
    bodyHash: createHash("sha256").update(String(keys++)).digest("hex"),
    queueLimit: 1_000,
    ownerLimit: 1_000,
  });
  if (created.kind !== "created") throw new Error(created.kind);
  const claimed = await store.claim({ leaseMs: 3_600_000, runId: created.task.id });
  if (claimed === null || claimed.task.id !== created.task.id) throw new Error("another task was claimed");
  const { claim, task } = claimed;
  await store.advance(claim, "running");
  return {
    taskId: task.id,
    claim,
    append: (events) => store.append(claim, events),
    async finish() {
      const result = buildEmptyResult(new WorkerError("INTERNAL", "It is only a test."), "claude");
      await store.finish(claim, { state: "failed", result, base: null, report: null, ts: new Date().toISOString() });
    },
    async texts() {
      const texts: string[] = [];
      for (;;) {
        const page = await store.readEvents(task.id, { after: texts.length, limit: 200 });
        if (page === null || page.events.length === 0) return texts;
        texts.push(...page.events.map(({ text }) => text));
      }
    },
  };
}

export function buildMessages(count: number, text = "The agent says ☃ \u2028 \n."): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    ts: new Date(0).toISOString(),
    type: "message",
    data: { text: `${index} ${text}` },
  }));
}

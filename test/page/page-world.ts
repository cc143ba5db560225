import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { RunReport } from "../../src/core/run-report.ts";
import type { TaskResource } from "../../src/protocol/task-resource.ts";
import { createPageHandler } from "../../src/server/page.ts";

export interface TaskWorld {
  readonly task: TaskResource;
  readonly events: readonly string[];
  /** Appends events, each as its type and data, and tells whoever listens. */
  append(...events: readonly (readonly [type: string, data: unknown])[]): void;
  change(facts: Partial<TaskResource>): void;
  report?: RunReport;
  diff?: string;
}

/** A server for the page alone: the API's shapes over tasks in memory, with sockets that can be cut. */
export interface PageWorld extends AsyncDisposable {
  readonly url: string;
  readonly tasks: TaskWorld[];
  /** `METHOD path` of each request of the API. */
  readonly requests: string[];
  readonly bodies: unknown[];
  addTask(facts?: Partial<TaskResource>): TaskWorld;
  closeSockets(code: number): void;
  /** The log is another one from now on, without events. */
  beginAnew(epoch: string): void;
  setKey(key: string): void;
  /** False: upgrades are refused, as by a proxy that knows no sockets. */
  allowSockets: boolean;
}

export async function startPageWorld(options: { key: string | null }): Promise<PageWorld> {
  const access = { key: options.key, tickets: new Set<string>() };
  const page = new URL("../../page", import.meta.url).pathname;
  const sockets = new Set<{ socket: WebSocket; send: () => void; id: string }>();
  const upgrades = new WebSocketServer({ noServer: true });
  const world = createWorld((id) => {
    for (const one of sockets) if (one.id === id) one.send();
  });
  const app = createApp(world, access);
  app.get("*", createPageHandler(page));
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.on("upgrade", (request, stream: Duplex, head) => {
    const url = new URL(request.url ?? "", "http://localhost");
    const task = findTask(world, url.pathname.split("/").at(-1) ?? "");
    const isAllowed = access.tickets.delete(url.searchParams.get("ticket") ?? "") && world.allowSockets;
    if (!isAllowed || task === undefined) {
      stream.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    upgrades.handleUpgrade(request, stream, head, (socket) => {
      let sent = Number(url.searchParams.get("after"));
      const hello = {
        type: "hello",
        taskId: task.task.id,
        epoch: world.epoch,
        firstSeq: 1,
        lastSeq: task.events.length,
        state: "running",
      };
      const send = (): void => {
        for (; sent < task.events.length; sent += 1) socket.send(task.events[sent] ?? "");
        if (task.events.at(-1)?.includes('"type":"complete"') === true) socket.close(1000);
      };
      const entry = { socket, send, id: task.task.id };
      sockets.add(entry);
      socket.on("close", () => sockets.delete(entry));
      socket.send(JSON.stringify(hello));
      send();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return Object.assign(world, {
    url: `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`,
    setKey(key: string) {
      access.key = key;
    },
    closeSockets(code: number) {
      for (const { socket } of sockets) socket.close(code);
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

type Memory = Pick<PageWorld, "tasks" | "requests" | "bodies" | "addTask" | "allowSockets" | "beginAnew"> & {
  epoch: string;
};

function createWorld(tell: (id: string) => void): Memory {
  const tasks: (TaskWorld & { readonly events: string[] })[] = [];
  const world: Memory = {
    epoch: "epoch-1",
    beginAnew(epoch) {
      world.epoch = epoch;
      for (const { events } of tasks) events.length = 0;
    },
    tasks,
    requests: [],
    bodies: [],
    allowSockets: true,
    addTask(facts = {}) {
      const id = facts.id ?? `01M7XKZETG0BWMV6E8N2Q0${String(tasks.length).padStart(4, "0")}`;
      const events: string[] = [];
      const entry = {
        task: { ...standardTask, id, ...facts },
        events,
        append(...added: readonly (readonly [string, unknown])[]) {
          for (const [type, data] of added) {
            const seq = events.length + 1;
            events.push(
              JSON.stringify({
                v: 1,
                runId: id,
                taskId: id,
                epoch: world.epoch,
                attempt: 1,
                seq,
                ts: "2026-11-20T10:11:12.345Z",
                type,
                data,
              }),
            );
          }
          tell(id);
        },
        change(next: Partial<TaskResource>) {
          Object.assign(entry.task, next, { revision: entry.task.revision + 1 });
        },
      };
      tasks.unshift(entry);
      return entry;
    },
  };
  return world;
}

const standardTask: TaskResource = {
  id: "",
  state: "running",
  revision: 1,
  title: "Mend the parser",
  repository: { key: "demo", base: "a".repeat(40) },
  agent: "claude",
  model: "claude-opus-5-5",
  session: null,
  parent: null,
  labels: {},
  attempt: 1,
  epoch: "epoch-1",
  lastSeq: 0,
  outcome: null,
  reason: null,
  base: "a".repeat(40),
  commit: null,
  createdAt: "2026-11-20T10:11:00.000Z",
  startedAt: "2026-11-20T10:11:01.000Z",
  endedAt: null,
};

function findTask({ tasks }: Memory, id: string): TaskWorld | undefined {
  return tasks.find(({ task }) => task.id === id);
}

function createApp(world: Memory, access: { key: string | null; readonly tickets: Set<string> }): Hono {
  const app = new Hono();
  app.use("/api/*", async (context, next) => {
    world.requests.push(`${context.req.method} ${context.req.path}`);
    if (access.key !== null && context.req.header("authorization") !== `Bearer ${access.key}`) {
      return context.json({ code: "UNAUTHORIZED", title: "A valid key is needed", status: 401 }, 401);
    }
    await next();
    return undefined;
  });
  app.get("/api/v1/tasks", (context) => {
    const { state = "", cursor = "0", limit = "50" } = context.req.query();
    const found = world.tasks
      .map(({ task }) => task)
      .filter((task) => state === "" || state.split(",").includes(task.state));
    const [from, to] = [Number(cursor), Number(cursor) + Number(limit)];
    return context.json({ tasks: found.slice(from, to), nextCursor: to < found.length ? String(to) : null });
  });
  app.post("/api/v1/tasks", async (context) => {
    world.bodies.push(await context.req.json());
    return context.json(world.addTask({ state: "queued", title: "Submitted" }).task, 201);
  });
  app.post("/api/v1/tickets", (context) => {
    const ticket = `ticket-${world.requests.length}`;
    access.tickets.add(ticket);
    return context.json({ ticket }, 201);
  });
  app.all("/api/v1/tasks/:id/:part?", async (context) => {
    const { id, part } = context.req.param();
    const found = findTask(world, id);
    if (found === undefined) return context.json({ title: "There is nothing here" }, 404);
    const { task, events, report, diff } = found;
    if (part === undefined) return context.json({ ...task, lastSeq: events.length });
    if (part === "interrupt") {
      world.bodies.push(await context.req.json());
      found.change({ state: "cancelling" });
      return context.json(task, 202);
    }
    if (part === "events") {
      const after = Number(context.req.query("after"));
      const page = events.slice(after, after + Number(context.req.query("limit")));
      const complete = task.endedAt !== null && after + page.length === events.length;
      return context.json({
        epoch: world.epoch,
        events: page.map((text) => JSON.parse(text)),
        lastSeq: events.length,
        complete,
      });
    }
    if (part === "report")
      return report === undefined ? context.json({ title: "The task has not ended" }, 409) : context.json(report);
    return diff === undefined ? context.json({ title: "The task has not ended" }, 409) : context.text(diff);
  });
  return app;
}

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { createUlid } from "../../src/util/ulid.ts";
import { serveGit } from "./git-cgi.ts";
import { makeRepository, runTestGit } from "./repository.ts";
import { buildEvents, buildResource } from "./server-events.ts";

export interface AwkwardTask {
  readonly id: string;
  readonly base: string;
  /** What refs/tasks/<id> holds. */
  readonly commit: string;
  readonly idempotencyKey: string;
}

export interface SocketStream {
  readonly task: AwkwardTask;
  readonly after: number;
  /** Counts from 1. */
  readonly connection: number;
  /** All there are. */
  readonly events: readonly string[];
}

/** What the server does otherwise than a good one. */
export interface Awkwardness {
  /** Answers instead of the server: true, it did. `count`: how often this method and path were asked for. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
  readonly events?: (task: AwkwardTask) => readonly string[];
  /** null: there are no WebSockets. Default: the events after `after`, then close code 1000. */
  readonly socket?: ((socket: WebSocket, stream: SocketStream) => void) | null;
  /** null: there are no event streams over HTTP. */
  readonly sse?: ((response: ServerResponse, stream: Omit<SocketStream, "connection">) => void) | null;
  /** What is said of a task. */
  readonly resource?: (task: AwkwardTask) => object;
}

export interface AwkwardServer extends AsyncDisposable {
  readonly url: string;
  readonly tasks: readonly AwkwardTask[];
  /** `GET /path?query` of each request, in order. */
  readonly requests: readonly string[];
  /** The Authorization headers that came. */
  readonly keys: readonly (string | undefined)[];
}

/** A task server that can be as bad as a test wants, with a real repository behind git's own CGI program. */
export async function startAwkwardServer(awkward: Awkwardness = {}): Promise<AwkwardServer> {
  const bare = makeRepository({}, { init: ["--bare"] });
  bare.git("config", "http.receivepack", "true");
  const tasks: AwkwardTask[] = [];
  const requests: string[] = [];
  const keys: (string | undefined)[] = [];
  const counts = new Map<string, number>();
  const world: ServerWorld = { bare: bare.path, tasks, awkward };
  const server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    const [path = ""] = url.split("?");
    requests.push(`${method} ${url}`);
    keys.push(request.headers.authorization);
    const name = `${method} ${path}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    response.on("error", () => undefined);
    if (awkward.intercept?.(request, response, count) === true) return;
    void answer(world, request, response);
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  let connection = 0;
  server.on("upgrade", (request, raw, head) => {
    requests.push(`WS ${request.url}`);
    keys.push(request.headers.authorization);
    raw.on("error", () => undefined);
    if (awkward.socket === null) {
      raw.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    connection += 1;
    const number = connection;
    sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on("error", () => undefined);
      const task = findTask(tasks, request.url ?? "");
      if (task === undefined) return socket.close(4404);
      const stream = { task, after: readAfter(request.url), connection: number, events: listEvents(world, task) };
      (awkward.socket ?? sendAll)(socket, stream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    tasks,
    requests,
    keys,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      bare[Symbol.dispose]();
    },
  };
}

/** What a good server does with a WebSocket. */
export function sendAll(socket: WebSocket, { after, events }: Pick<SocketStream, "after" | "events">): void {
  for (const event of events.slice(after)) socket.send(event);
  socket.close(1000);
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

interface ServerWorld {
  readonly bare: string;
  readonly tasks: AwkwardTask[];
  readonly awkward: Awkwardness;
}

async function answer(world: ServerWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "" } = request;
  const { awkward, tasks } = world;
  const resource = awkward.resource ?? ((task: AwkwardTask) => buildResource(task));
  if (url === "/api/v1/version") return sendJson(response, 200, { name: "agent-worker", version: "1", api: 1 });
  if (url.includes(".git/")) return serveGit(world.bare, request, response);
  if (method === "POST" && url === "/api/v1/tasks") {
    const task = takeTask(world, JSON.parse(await text(request)), String(request.headers["idempotency-key"]));
    return sendJson(response, 201, resource(task));
  }
  const task = findTask(tasks, url);
  if (task === undefined || url.endsWith("/report")) return sendJson(response, 404, {});
  if (url.includes("/events")) return answerEvents(world, { request, response, task });
  sendJson(response, 200, resource(task));
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly task: AwkwardTask;
}

function answerEvents(world: ServerWorld, { request, response, task }: Exchange): void {
  const { sse = sendStream } = world.awkward;
  const stream = { task, after: readAfter(request.url), events: listEvents(world, task) };
  if (!String(request.headers.accept).includes("event-stream")) {
    const events = stream.events.slice(stream.after).map((event): unknown => JSON.parse(event));
    return sendJson(response, 200, { epoch: "one", events, lastSeq: stream.events.length, complete: true });
  }
  if (sse === null) return sendJson(response, 404, {});
  response.writeHead(200, { "content-type": "text/event-stream" });
  sse(response, stream);
}

function sendStream(response: ServerResponse, { after, events }: Pick<SocketStream, "after" | "events">): void {
  response.end(
    events
      .slice(after)
      .map((event) => `data: ${event}\n\n`)
      .join(""),
  );
}

/** A task is taken once for each key; its work is there at once. */
function takeTask(
  { bare, tasks }: ServerWorld,
  body: { repository: { base: string } },
  idempotencyKey: string,
): AwkwardTask {
  const known = tasks.find((task) => task.idempotencyKey === idempotencyKey);
  if (known !== undefined) return known;
  const { base } = body.repository;
  const git = (args: readonly string[], input?: string): string => runTestGit(bare, args, input).toString().trim();
  const blob = git(["hash-object", "-w", "--stdin"], "work\n");
  const tree = git(["mktree"], `${git(["ls-tree", base])}\n100644 blob ${blob}\twork.txt\n`);
  const commit = git(["commit-tree", tree, "-p", base, "-m", "Work"]);
  const task = { id: createUlid(), base, commit, idempotencyKey };
  git(["update-ref", `refs/tasks/${task.id}`, commit]);
  tasks.push(task);
  return task;
}

function findTask(tasks: readonly AwkwardTask[], url: string): AwkwardTask | undefined {
  return tasks.find(({ id }) => url.includes(id));
}

function listEvents({ awkward }: ServerWorld, task: AwkwardTask): readonly string[] {
  return awkward.events?.(task) ?? buildEvents(task, ["one", "two", "three"]);
}

function readAfter(url = ""): number {
  return Number(new URL(url, "http://x").searchParams.get("after") ?? 0);
}

import { EventEmitter, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { Agent, IncomingHttpHeaders, IncomingMessage, RequestListener } from "node:http";
import { connect } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { EgressRecord } from "../../src/gateway/egress-record.ts";
import { openGateway } from "../../src/gateway/gateway.ts";
import type { Gateway, GatewayOptions } from "../../src/gateway/gateway.ts";

export const secret = "sk-ant-canary-0123456789";

export interface OpenedGateway {
  readonly gateway: Gateway;
  readonly socketPath: string;
  readonly audit: readonly EgressRecord[];
  /** Resolves when so many requests have ended. */
  audited(count: number): Promise<readonly EgressRecord[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A gateway in a directory of its own, to the upstream given. */
export async function openTestGateway(
  baseUrl: string,
  options: Partial<Omit<GatewayOptions, "upstream">> & Partial<GatewayOptions["upstream"]> = {},
): Promise<OpenedGateway> {
  const directory = await mkdtemp(join(tmpdir(), "gw-"));
  const socketPath = join(directory, "s");
  const audit: EgressRecord[] = [];
  const records = new EventEmitter();
  const { credential = { kind: "api-key", value: secret }, proxyUrl, caBundle, ...rest } = options;
  const gateway = await openGateway({
    socketPath,
    upstream: { baseUrl, credential, proxyUrl, caBundle },
    audit: (record) => {
      audit.push(record);
      records.emit("record");
    },
    ...rest,
  });
  return {
    gateway,
    socketPath,
    audit,
    async audited(count) {
      while (audit.length < count) await once(records, "record");
      return audit;
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

export interface Upstream {
  readonly url: string;
  readonly requests: { readonly headers: IncomingHttpHeaders; readonly url: string; readonly method: string }[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** A provider that answers as the test says. */
export async function openTestUpstream(listener: RequestListener): Promise<Upstream> {
  const requests: Upstream["requests"] = [];
  const server = createServer((request, response) => {
    const { headers, url = "", method = "" } = request;
    requests.push({ headers, url, method });
    listener(request, response);
  });
  // As long as the gateway does not close a connection, nobody does.
  server.keepAliveTimeout = 600_000;
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Listens on a free port of the loopback. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return address.port;
}

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly agent?: Agent;
}

/** Asks through the gateway's socket as the container does; resolves with the answer's headers. */
export async function begin(socketPath: string, question: Question = {}): Promise<IncomingMessage> {
  const { method = "POST", path = "/v1/messages", headers = {}, body = "{}", signal, agent = false } = question;
  const asked = request({
    socketPath,
    method,
    path,
    headers: { host: "127.0.0.1:8080", ...headers },
    agent,
    ...(signal === undefined ? {} : { signal }),
  });
  asked.on("error", () => {});
  asked.end(method === "GET" || method === "HEAD" ? undefined : body);
  return new Promise((resolve, reject) => {
    asked.once("response", resolve).once("close", () => reject(new Error("no answer")));
  });
}

export async function ask(socketPath: string, question: Question = {}) {
  const answer = await begin(socketPath, question);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}

/** Sends bytes as they are and resolves with all that comes back. */
export async function sendRaw(socketPath: string, bytes: string): Promise<string> {
  const socket = connect(socketPath);
  socket.on("error", () => {});
  socket.write(bytes);
  return text(socket);
}

/** Resolves when a connection is closed, in whatever way. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((done) => {
    socket.once("error", () => {}).once("close", () => done());
  });
}

/** Waits until a number has not changed for many turns of the event loop. */
export async function settled(read: () => number): Promise<number> {
  let [last, calm] = [read(), 0];
  while (calm < 300) {
    await new Promise((done) => {
      setImmediate(done);
    });
    calm = read() === last ? calm + 1 : 0;
    last = read();
  }
  return last;
}

import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Credential } from "../core/credential.ts";
import { WorkerError } from "../core/worker-error.ts";
import { readCode } from "../util/error-facts.ts";
import { createRedactor } from "../util/redact.ts";
import type { TokenCount } from "./answer-meter.ts";
import type { EgressRecord } from "./egress-record.ts";
import { forward, loadMeter } from "./forward.ts";
import type { Model } from "./forward.ts";
import { openLedger } from "./ledger.ts";
import type { ModelFailure } from "./model-failure.ts";
import { buildDenial, sendRawRefusal, sendRefusal } from "./refusal.ts";
import { decideTarget } from "./request-target.ts";
import { openUpstream } from "./upstream.ts";
import type { UpstreamLimits } from "./sender.ts";

/** Where the model is and what opens it. */
export interface GatewayUpstream {
  /** http or https; its path is kept before every call's own. */
  readonly baseUrl: string;
  readonly credential: Credential;
  readonly proxyUrl?: string | undefined;
  /** File with certificates (PEM) to trust as well. */
  readonly caBundle?: string | undefined;
}

/** What the container may take up here. Only reading a request is timed: an answer may stream as long as it likes. */
export interface ServingLimits {
  readonly connections: number;
  /** From the connection, or the request's first byte, to the end of its headers. */
  readonly requestHeadersMs: number;
  /** To the end of its body. */
  readonly requestMs: number;
}

/** The agent CLI has a handful of calls on their way, and bodies of some MB from memory. */
const defaultLimits: ServingLimits = { connections: 256, requestHeadersMs: 30_000, requestMs: 300_000 };

export interface GatewayOptions {
  /** At most 107 bytes, in a private directory: the socket itself is open to the container's user. */
  readonly socketPath: string;
  readonly upstream: GatewayUpstream;
  readonly limits?: Partial<UpstreamLimits & ServingLimits>;
  /** While it answers false nothing is let through. Default: always open. */
  readonly isOpen?: () => boolean;
  /** Called once per request, when it has ended. Must not throw. */
  readonly audit: (record: EgressRecord) => void;
}

/** The container's only way out: an HTTP server on a unix socket that adds the credential and forwards to the model. */
export interface Gateway {
  /** Loads what the first request needs and connects to the model, while something else is waited for. */
  preload(): void;
  /** What went through so far. */
  usage(): TokenCount;
  /** The last failure that no successful answer of /v1/messages followed. */
  failure(): ModelFailure | null;
  /** Breaks off what is on its way, closes the server and removes the socket; the figures stay. Once is enough. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Errors: CONFIG_INVALID (base URL, proxy, credential), STATE_UNWRITABLE (socket). */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { socketPath, upstream: to, audit, limits, isOpen = () => true } = options;
  const credential = checkCredential(to.credential);
  const upstream = openUpstream(to, limits);
  const redactor = createRedactor([credential.value]);
  const ledger = openLedger();
  const closing = new AbortController();
  const redactedAudit = (record: EgressRecord): void =>
    audit({
      ...record,
      path: redactor.redactText(record.path),
      host: redactor.redactText(record.host),
    });
  const server = openServer(
    { upstream, credential, ledger, redactor },
    { audit: redactedAudit, isOpen, signal: closing.signal, limits: { ...defaultLimits, ...limits } },
  );
  await listen(server, socketPath);
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    const ended = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await Promise.all([ended, upstream[Symbol.asyncDispose]()]);
    await rm(socketPath, { force: true });
  };
  return {
    // Nobody waits for it: what fails here fails again where it matters.
    preload: () => void Promise.all([upstream.open(), loadMeter()]).catch(() => undefined),
    usage: () => ledger.usage(),
    failure: () => ledger.failure(),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

interface Watch {
  readonly audit: (record: EgressRecord) => void;
  readonly isOpen: () => boolean;
  readonly signal: AbortSignal;
  readonly limits: ServingLimits;
}

function openServer(model: Model, watch: Watch): Server {
  const { audit, signal, limits } = watch;
  const settings = {
    // The container's forwarder keeps connections: one closed here in the moment it is used again would fail a request.
    keepAliveTimeout: 0,
    requireHostHeader: false,
    headersTimeout: limits.requestHeadersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(10_000, limits.requestHeadersMs),
  };
  const server = createServer(settings, (request, response) => {
    // `serve` turns every failure into an answer; one of its own ends the request, not the process.
    serve({ request, response, signal }, { ...watch, model }).catch(() => response.destroy());
  });
  server.maxConnections = limits.connections;
  const deny = (request: IncomingMessage | null, socket: Duplex, why: string): void => {
    const start = startRecord(request);
    const refusal = request === null ? { ...buildDenial(why), status: 400 } : buildDenial(why);
    const responseBytes = socket.writable ? sendRawRefusal(socket, refusal) : 0;
    if (!socket.writable) socket.destroy();
    audit({ ...start(), decision: "deny", status: refusal.status, responseBytes });
  };
  server.on("connect", (request, socket) => deny(request, socket, "tunnels are not open"));
  server.on("upgrade", (request, socket) => deny(request, socket, "protocols are not changed here"));
  server.on("clientError", (error, socket) => {
    // No request that could be answered: the container went away, or sent nothing more in time.
    if (readCode(error) === "ECONNRESET" || readCode(error) === "ERR_HTTP_REQUEST_TIMEOUT") socket.destroy();
    else deny(null, socket, "it is not HTTP");
  });
  // A connection that could not be accepted (EMFILE) must not end the process.
  server.on("error", () => undefined);
  return server;
}

interface Served {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

/** Where the container asks whether the gateway is there. It goes nowhere, so it is not in the record of what went out. */
const selfTestPath = "/agent-worker/self-test";

interface Serving extends Pick<Watch, "audit" | "isOpen"> {
  readonly model: Model;
}

async function serve(served: Served, { model, audit, isOpen }: Serving): Promise<void> {
  const { request, response } = served;
  const start = startRecord(request);
  const { method = "", url: target = "", headers } = request;
  if (method === "GET" && target === selfTestPath) {
    response.writeHead(204).end();
    return;
  }
  const decision = decideTarget({ method, target, host: headers.host });
  if (decision.allowed && isOpen()) {
    const forwarded = await forward({ ...served, target: decision }, model);
    audit({ ...start(), host: model.upstream.host, decision: "allow", ...forwarded });
    return;
  }
  const { why, host: asked } = decision.allowed ? { why: "there is no task yet", host: model.upstream.host } : decision;
  const refusal = buildDenial(why);
  const responseBytes = sendRefusal(response, refusal);
  audit({ ...start(), host: asked, decision: "deny", status: refusal.status, responseBytes });
}

/** Starts the clock; what it returns ends it and gives the part of a record that all requests share. */
function startRecord(
  request: IncomingMessage | null,
): () => Omit<EgressRecord, "decision" | "status" | "responseBytes"> {
  const ts = new Date().toISOString();
  const begin = performance.now();
  const { method = "", url: target = "", headers } = request ?? { headers: {} };
  const decision = decideTarget({ method, target, host: headers.host });
  const host = decision.allowed ? "" : decision.host;
  return () => ({ ts, method, host, path: decision.path, requestBytes: 0, durationMs: performance.now() - begin });
}

async function listen(server: Server, socketPath: string): Promise<void> {
  try {
    server.listen(socketPath);
    await once(server, "listening");
    // The container's user is another one; who may come here is decided by the directory.
    await chmod(socketPath, 0o666);
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `The gateway's socket cannot be opened: ${socketPath}`, {
      hint: "Its path may have at most 107 bytes, in a directory that can be written: see XDG_RUNTIME_DIR.",
      cause,
    });
  }
}

/** A value that no header can carry would be repeated in the errors of whoever tries. */
function checkCredential(credential: Credential): Credential {
  const value = credential.value.trim();
  if (/^[\x21-\x7e]+$/.test(value)) return { ...credential, value };
  throw new WorkerError("CONFIG_INVALID", "The model's credential is empty or holds characters that cannot be sent", {
    hint: "Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN again, without quotes, spaces or line ends inside.",
  });
}

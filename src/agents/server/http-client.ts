import { readFile } from "node:fs/promises";
import type { Dispatcher } from "undici";
import { createByteBuffer } from "../../util/byte-buffer.ts";
import { toAnswerFailure, toForeignFailure } from "./answer-failure.ts";
import type { BadAnswer } from "./answer-failure.ts";
import { toConnectionFailure } from "./connection-failure.ts";
import type { Failure, Reply } from "./reply.ts";
import type { ServerEndpoint, ServerSettings } from "./server-settings.ts";

export interface ApiRequest {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** From the server's root on: `/api/v1/tasks`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  readonly signal: AbortSignal;
  /** For the whole exchange; default: the patience's. */
  readonly timeoutMs?: number;
}

export interface OpenStream {
  readonly ok: true;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one task server. Follows no redirect: the key goes nowhere else. */
export interface HttpClient extends AsyncDisposable {
  readonly endpoint: ServerEndpoint;
  /** Host and port. */
  readonly host: string;
  readonly settings: ServerSettings;
  /** The value of the Authorization header. */
  readonly authorization: string | undefined;
  /** One try. Rejects only when `signal` is aborted, with its reason. `ok` is a 2xx with JSON, or without a body. */
  send(request: ApiRequest): Promise<Reply>;
  /** The same for an answer without an end: `timeoutMs` counts until its headers, then `silenceMs` from part to part. Ends with `signal`. */
  stream(request: ApiRequest & { readonly accept: string }): Promise<OpenStream | Failure>;
}

/** The report of a task with 10,000 changed files is 3 MB. */
const maxBodyBytes = 16 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;

/** Loads undici with the first request. */
export function openHttpClient(endpoint: ServerEndpoint, settings: ServerSettings): HttpClient {
  const { host } = new URL(endpoint.url);
  const authorization = settings.apiKey === undefined ? undefined : `Bearer ${settings.apiKey}`;
  let opening: Promise<Dispatcher> | undefined;
  const open = async (request: ApiRequest, accept: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const dispatcher = await (opening ??= openDispatcher(endpoint, settings));
    const options = buildOptions(endpoint, request);
    const own = {
      accept,
      ...buildOwnHeaders(settings.version),
      ...(authorization === undefined ? {} : { authorization }),
    };
    return dispatcher.request({ ...options, headers: { ...own, ...options.headers }, signal });
  };
  return {
    endpoint,
    host,
    settings,
    authorization,
    async send(request) {
      const timeout = AbortSignal.timeout(request.timeoutMs ?? settings.patience.requestMs);
      const signal = AbortSignal.any([request.signal, timeout]);
      try {
        const answer = await open(request, "application/json, application/problem+json", signal);
        return await readReply(answer, { host, method: request.method });
      } catch (error) {
        request.signal.throwIfAborted();
        return toConnectionFailure(timeout.aborted ? timeout.reason : error, host);
      }
    },
    async stream(request) {
      const late = new AbortController();
      const timeoutMs = request.timeoutMs ?? settings.patience.requestMs;
      const timer = setTimeout(() => late.abort(new DOMException("no answer", "TimeoutError")), timeoutMs);
      try {
        const answer = await open(request, request.accept, AbortSignal.any([request.signal, late.signal]));
        return answer.statusCode === 200 ? toOpenStream(answer) : await readRefusal(answer, host);
      } catch (error) {
        request.signal.throwIfAborted();
        return toConnectionFailure(late.signal.aborted ? late.signal.reason : error, host);
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.destroy();
    },
  };
}

function buildOptions({ url }: ServerEndpoint, { method, path, headers, body }: ApiRequest) {
  const { origin, pathname } = new URL(url);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return {
    origin,
    path: `${pathname.replace(/\/+$/, "")}${path}`,
    method,
    headers: { ...type, ...headers },
    body: body ?? null,
  };
}

function buildOwnHeaders(version: string): Readonly<Record<string, string>> {
  // What is packed small may be of any size unpacked.
  return { "accept-encoding": "identity", "user-agent": `agent-worker/${version}` };
}

async function openDispatcher({ proxyUrl }: ServerEndpoint, settings: ServerSettings): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import("undici");
  const { patience, caBundle } = settings;
  const trust = caBundle === undefined ? {} : { ca: [await readTrusted(caBundle)] };
  const options = {
    allowH2: false,
    connections: 16,
    headersTimeout: 0,
    bodyTimeout: patience.silenceMs,
    connect: { timeout: Math.min(patience.contactMs, 15_000), ...trust },
  };
  if (proxyUrl === undefined) return new Agent(options);
  return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: trust, proxyTls: trust });
}

/** All certificates to trust: who is told of some knows of no others. */
export async function readTrusted(caBundle: string): Promise<string> {
  const { getCACertificates } = await import("node:tls");
  return [...getCACertificates("default"), await readFile(caBundle, "utf8")].join("\n");
}

async function readRefusal(answer: Dispatcher.ResponseData, host: string): Promise<Failure> {
  const reply = await readReply(answer, { host, method: "GET" });
  return reply.ok ? toForeignFailure({ host, status: reply.status, headers: reply.headers, text: "" }) : reply;
}

async function readReply(
  { statusCode, headers: raw, body }: Dispatcher.ResponseData,
  { host, method }: { readonly host: string; readonly method: string },
): Promise<Reply> {
  const headers = joinHeaders(raw);
  const isFine = statusCode >= 200 && statusCode < 300;
  const limit = isFine ? maxBodyBytes : maxRefusalBytes;
  const bytes = await readAtMost(body, limit);
  const text = bytes.isWhole || !isFine ? bytes.text : "";
  const answer = { host, status: statusCode, headers, text };
  if (!isFine) return toAnswerFailure(answer);
  if (!bytes.isWhole) {
    return { ...toForeignFailure(answer, `an answer of more than ${limit} bytes`), tooLarge: true };
  }
  if (statusCode === 204) return { ok: true, status: statusCode, headers, text: "" };
  if (method === "HEAD") {
    // Without a body only the page of a proxy can be told from an answer.
    const isPage = /html/i.test(headers["content-type"] ?? "");
    return isPage ? toForeignFailure(answer) : { ok: true, status: statusCode, headers, text: "" };
  }
  return findForeign(answer) ?? { ok: true, status: statusCode, headers, text };
}

/** A task server speaks JSON, as it is. */
function findForeign(answer: BadAnswer): Failure | null {
  const { headers } = answer;
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return toForeignFailure(answer, `an answer packed with ${encoding.slice(0, 20)}`);
  return /[/+]json\b/i.test(headers["content-type"] ?? "") ? null : toForeignFailure(answer);
}

async function readAtMost(body: Dispatcher.ResponseData["body"], maxBytes: number) {
  const buffer = createByteBuffer(maxBytes);
  let bytes = 0;
  for await (const chunk of body) {
    const part: Uint8Array = chunk;
    bytes += part.length;
    buffer.push(part);
    // Leaving the loop ends the connection: more is not read.
    if (bytes > maxBytes) break;
  }
  return { text: buffer.take().toString("utf8"), isWhole: bytes <= maxBytes };
}

function toOpenStream({ statusCode, headers, body }: Dispatcher.ResponseData): OpenStream {
  return { ok: true, status: statusCode, headers: joinHeaders(headers), body };
}

function joinHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}

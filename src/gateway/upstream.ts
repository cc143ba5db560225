import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { WorkerError } from "../core/worker-error.ts";

export interface UpstreamLimits {
  readonly connectTimeoutMs: number;
  /** From the end of the request to the answer's headers. */
  readonly headersTimeoutMs: number;
  /** Between two parts of the answer's body. */
  readonly bodyTimeoutMs: number;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** Empty, or with its question mark. */
  readonly query: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Readable | null;
  readonly signal: AbortSignal;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** Connections to the model endpoint. */
export interface Upstream {
  /** Host and port, without credentials. */
  readonly host: string;
  /**
   * Loads what sends (undici), and connects: TCP, TLS and the proxy take their round trips before the first request, which would wait
   * for them. All that is asked is OPTIONS, without a credential; what is answered, if anything, does not matter.
   */
  open(): Promise<void>;
  /** Follows no redirect and tries nothing twice. Throws what the connection throws. */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The provider sends a ping every few seconds; whole answers may take as long as the agent CLI waits for them. */
const defaultLimits: UpstreamLimits = { connectTimeoutMs: 15_000, headersTimeoutMs: 600_000, bodyTimeoutMs: 300_000 };

/** More calls at once wait: the container must not use up this machine's descriptors. */
const maxConnections = 64;

export interface UpstreamOptions {
  readonly baseUrl: string;
  readonly proxyUrl?: string | undefined;
  /** File with certificates (PEM) to trust as well; read when the first connection is made. */
  readonly caBundle?: string | undefined;
}

/**
 * Errors: CONFIG_INVALID for a base URL or a proxy that cannot be one. TLS trusts what Node trusts (NODE_EXTRA_CA_CERTS), and
 * the bundle.
 */
export function openUpstream(options: UpstreamOptions, limits: Partial<UpstreamLimits> = {}): Upstream {
  const base = parseUrl(options.baseUrl, "The model endpoint");
  if (base.username !== "" || base.password !== "" || base.search !== "") {
    throw new WorkerError("CONFIG_INVALID", "The model endpoint's URL holds a user or a query", {
      hint: "Give ANTHROPIC_BASE_URL without them; the credential has its own variable.",
    });
  }
  if (options.proxyUrl !== undefined) parseUrl(options.proxyUrl, "The proxy");
  const prefix = base.pathname.replace(/\/+$/, "");
  let opening: Promise<Dispatcher> | undefined;
  const open = (): Promise<Dispatcher> => (opening ??= openDispatcher(options, { ...defaultLimits, ...limits }));
  return {
    host: base.host,
    async open() {
      const dispatcher = await open();
      // Not HEAD: undici closes the connection after it.
      const { body } = await dispatcher.request({ origin: base.origin, path: `${prefix}/`, method: "OPTIONS" });
      await body.dump();
    },
    async send({ method, path, query, headers, body, signal }) {
      const dispatcher = await open();
      const answer = await dispatcher.request({
        origin: base.origin,
        path: `${prefix}${path}${query}`,
        method: method === "GET" ? "GET" : "POST",
        headers,
        body,
        signal,
      });
      return { status: answer.statusCode, headers: joinValues(answer.headers), body: answer.body };
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.destroy();
    },
  };
}

/** A header that comes twice is one with a list of values (RFC 9110, 5.3): whoever reads it gets a text, as its type says. */
function joinValues(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}

async function openDispatcher({ proxyUrl, caBundle }: UpstreamOptions, limits: UpstreamLimits): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import("undici");
  const trust = caBundle === undefined ? {} : { ca: await readTrusted(caBundle) };
  const options = {
    allowH2: false,
    connections: maxConnections,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
    connect: { timeout: limits.connectTimeoutMs, ...trust },
  };
  if (proxyUrl === undefined) return new Agent(options);
  return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: trust, proxyTls: trust });
}

/** `ca` replaces what Node trusts, so that is named again. */
async function readTrusted(caBundle: string): Promise<string[]> {
  const { getCACertificates } = await import("node:tls");
  return [...getCACertificates("default"), await readFile(caBundle, "utf8")];
}

/** Says what is wrong without repeating the text: it may hold a credential. */
function parseUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new WorkerError("CONFIG_INVALID", `${what} is not an http or https URL`, {
    hint: "It looks like https://api.example.com.",
  });
}

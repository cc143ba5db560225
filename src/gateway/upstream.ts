import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { WorkerError } from "../core/worker-error.ts";
import { openDirectSender } from "./direct-sender.ts";
import type { Sender, SenderAnswer, UpstreamLimits } from "./sender.ts";

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** Empty, or with its question mark. */
  readonly query: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Readable | null;
  readonly signal: AbortSignal;
}

export type UpstreamAnswer = SenderAnswer;

/** Connections to the model endpoint. */
export interface Upstream {
  /** Host and port, without credentials. */
  readonly host: string;
  /**
   * Loads what sends, and connects: TCP, TLS and the proxy take their round trips before the first request, which would wait
   * for them. All that is asked is OPTIONS, without a credential; what is answered, if anything, does not matter.
   */
  open(): Promise<void>;
  /** Follows no redirect and tries nothing twice. Throws what the connection throws. */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The provider sends a ping every few seconds; whole answers may take as long as the agent CLI waits for them. */
const defaultLimits: UpstreamLimits = { connectTimeoutMs: 15_000, headersTimeoutMs: 600_000, bodyTimeoutMs: 300_000 };

/** A connection that takes longer is left to the first request. */
const earlyMs = 15_000;

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
  let opening: Promise<Sender> | undefined;
  const open = (): Promise<Sender> => (opening ??= openSender({ ...options, base }, { ...defaultLimits, ...limits }));
  return {
    host: base.host,
    async open() {
      const sender = await open();
      const signal = AbortSignal.timeout(earlyMs);
      // Not HEAD: undici closes the connection after it.
      const { body } = await sender.send({ method: "OPTIONS", path: `${prefix}/`, headers: {}, body: null, signal });
      await finished(body.resume());
    },
    async send({ method, path, query, headers, body, signal }) {
      const sender = await open();
      const answer = await sender.send({
        method: method === "GET" ? "GET" : "POST",
        path: `${prefix}${path}${query}`,
        headers,
        body,
        signal,
      });
      return { ...answer, headers: joinValues(answer.headers) };
    },
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/** A header that comes twice is one with a list of values (RFC 9110, 5.3): whoever reads it gets a text, as its type says. */
function joinValues(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}

async function openSender(
  { base, proxyUrl, caBundle }: UpstreamOptions & { readonly base: URL },
  limits: UpstreamLimits,
): Promise<Sender> {
  const ca = caBundle === undefined ? undefined : await readTrusted(caBundle);
  if (proxyUrl === undefined) return openDirectSender({ base, ca }, limits);
  const { openProxiedSender } = await import("./proxied-sender.ts");
  return openProxiedSender({ base, proxyUrl, ca }, limits);
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

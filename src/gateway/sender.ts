import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

export interface UpstreamLimits {
  readonly connectTimeoutMs: number;
  /** From the end of the request to the answer's headers. */
  readonly headersTimeoutMs: number;
  /** Between two parts of the answer's body. */
  readonly bodyTimeoutMs: number;
}

export interface SentRequest {
  readonly method: "GET" | "POST" | "OPTIONS";
  /** With the query. */
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: Readable | null;
  readonly signal: AbortSignal;
}

export interface SenderAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** Connections to one origin. */
export interface Sender extends AsyncDisposable {
  /** Follows no redirect and tries nothing twice. Throws what the connection throws. */
  send(request: SentRequest): Promise<SenderAnswer>;
}

/** More calls at once wait: the container must not use up this machine's descriptors. */
export const maxConnections = 64;

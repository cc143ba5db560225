import { WorkerError } from "../../core/worker-error.ts";
import { readCode } from "../../util/error-facts.ts";
import type { Failure } from "./reply.ts";

interface Meaning {
  readonly what: string;
  readonly hint?: string;
  /** No connection came about: nothing was sent. */
  readonly untouched: boolean;
  readonly retryable: boolean;
}

const before = (what: string): Meaning => ({ what, untouched: true, retryable: true });
const during = (what: string): Meaning => ({ what, untouched: false, retryable: true });

/** What answers has never heard of TLS. */
function plain(): Meaning {
  const hint = "If the server is not behind TLS, its address begins with http://.";
  return { what: "does not speak TLS", hint, untouched: true, retryable: false };
}

const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["ECONNREFUSED", before("refuses connections")],
  ["ENOTFOUND", before("has no address")],
  ["EAI_AGAIN", before("has no address: the name service does not answer")],
  ["EHOSTUNREACH", before("cannot be reached")],
  ["ENETUNREACH", before("cannot be reached")],
  ["ETIMEDOUT", before("did not take the connection in time")],
  ["UND_ERR_CONNECT_TIMEOUT", before("did not take the connection in time")],
  ["UND_ERR_HEADERS_TIMEOUT", during("did not answer in time")],
  ["UND_ERR_BODY_TIMEOUT", during("stopped in the middle of an answer")],
  ["TIMEOUT", during("did not answer in time")],
  ["ECONNRESET", during("closed the connection")],
  ["EPIPE", during("closed the connection")],
  ["UND_ERR_SOCKET", during("closed the connection")],
  ["ERR_SSL_WRONG_VERSION_NUMBER", plain()],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", during("broke off its answer")],
]);

const trust =
  "Give the certificate of its authority with --ca-bundle FILE (AGENT_WORKER_CA_BUNDLE), or in NODE_EXTRA_CA_CERTS.";

/** What it means that no answer came. Only codes are looked at: a message may hold addresses with passwords. */
export function toConnectionFailure(error: unknown, host: string): Failure {
  const codes = listCodes(error);
  const code = codes.find((known) => meanings.has(known) || isTls(known));
  const { what, hint, untouched, retryable } =
    (code === undefined ? undefined : meanings.get(code)) ?? other(code, error);
  const shown = code === undefined || code === "TIMEOUT" ? "" : ` (${code})`;
  return {
    ok: false,
    error: new WorkerError("SERVER_UNREACHABLE", `The server ${host} ${what}${shown}.`, { hint }),
    status: null,
    problem: null,
    retryable,
    untouched,
    retryAfterMs: null,
  };
}

function other(code: string | undefined, error: unknown): Meaning {
  if (code !== undefined) {
    return { what: "has a certificate that is not trusted", hint: trust, untouched: true, retryable: false };
  }
  const proxy = error instanceof Error ? /^Proxy .*\((\d{3})\)/.exec(error.message)?.[1] : undefined;
  if (proxy !== undefined) return before(`cannot be reached: the proxy answered ${proxy}`);
  return during("sent no answer that can be read");
}

function isTls(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|EPROTO)|CERT|^UNABLE_TO_/.test(code);
}

/** The codes of an error and of its causes. */
function listCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error && codes.length < 8; at = at.cause) {
    codes.push(at.name === "TimeoutError" ? "TIMEOUT" : (readCode(at) ?? ""));
    if (at instanceof AggregateError) codes.push(...at.errors.map((inner: unknown) => readCode(inner) ?? ""));
  }
  return codes;
}

import { readCode } from "../util/error-facts.ts";
import type { ModelFailure } from "./model-failure.ts";

interface Meaning {
  readonly code: "MODEL_UNREACHABLE" | "MODEL_TIMEOUT";
  readonly what: string;
  readonly hint: string;
  /** Whether the agent CLI should try again by itself. */
  readonly transient: boolean;
}

const network = "Check ANTHROPIC_BASE_URL and this machine's network; behind a company proxy, set HTTPS_PROXY.";
const trust =
  "Give the certificate of your proxy's authority with --ca-bundle FILE (AGENT_WORKER_CA_BUNDLE), or in NODE_EXTRA_CA_CERTS.";
const later = "Try again later.";

const unreachable = (what: string, hint = network): Meaning => ({
  code: "MODEL_UNREACHABLE",
  what,
  hint,
  transient: false,
});
const timeout = (what: string, hint = later): Meaning => ({ code: "MODEL_TIMEOUT", what, hint, transient: false });
const broken: Meaning = { code: "MODEL_UNREACHABLE", what: "closed the connection", hint: later, transient: true };

const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["ECONNREFUSED", unreachable("refuses connections")],
  ["ENOTFOUND", unreachable("has no address")],
  ["EAI_AGAIN", unreachable("has no address: the name service does not answer")],
  ["EHOSTUNREACH", unreachable("cannot be reached")],
  ["ENETUNREACH", unreachable("cannot be reached")],
  ["ETIMEDOUT", timeout("did not take the connection in time", network)],
  ["CONNECT_TIMEOUT", timeout("did not take the connection in time", network)],
  ["HEADERS_TIMEOUT", timeout("took the request and did not answer in time")],
  ["BODY_TIMEOUT", timeout("stopped in the middle of an answer")],
  // The same from undici, which goes through proxies.
  ["UND_ERR_CONNECT_TIMEOUT", timeout("did not take the connection in time", network)],
  ["UND_ERR_HEADERS_TIMEOUT", timeout("took the request and did not answer in time")],
  ["UND_ERR_BODY_TIMEOUT", timeout("stopped in the middle of an answer")],
  ["ECONNRESET", broken],
  ["EPIPE", broken],
  ["UND_ERR_SOCKET", broken],
  ["EPROTO", unreachable("does not speak TLS as expected")],
]);

/**
 * What it means that the provider could not be asked or broke off. Only the error's code is looked at: its message
 * may hold addresses with credentials.
 */
export function toUpstreamFailure(error: unknown, host: string): { failure: ModelFailure; transient: boolean } {
  const code = listCodes(error).find((code) => meanings.has(code) || isTls(code));
  const meaning = (code === undefined ? undefined : meanings.get(code)) ?? otherMeaning(code, error);
  const shown = code === undefined ? "" : ` (${code})`;
  return {
    failure: {
      code: meaning.code,
      message: `The model endpoint ${host} ${meaning.what}${shown}`,
      hint: meaning.hint,
    },
    transient: meaning.transient,
  };
}

/** An answer that came and cannot be passed on. What was thrown is not told: it may quote the answer. */
export function toOddFailure(host: string): ModelFailure {
  const hint = "See what answers at ANTHROPIC_BASE_URL.";
  return {
    code: "MODEL_UNREACHABLE",
    message: `The model endpoint ${host} sent an answer that cannot be passed on`,
    hint,
  };
}

function otherMeaning(code: string | undefined, error: unknown): Meaning {
  if (code !== undefined) return unreachable("has a certificate that is not trusted", trust);
  const proxy = error instanceof Error ? /^Proxy .*\((\d{3})\)/.exec(error.message)?.[1] : undefined;
  if (proxy !== undefined) return unreachable(`cannot be reached: the proxy answered ${proxy}`, "Check HTTPS_PROXY.");
  return unreachable("cannot be reached");
}

function isTls(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_)|CERT|^UNABLE_TO_/.test(code);
}

/** The codes of an error and of its causes. */
function listCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error && codes.length < 8; at = at.cause) {
    codes.push(readCode(at) ?? "");
  }
  return codes;
}

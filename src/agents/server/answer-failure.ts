import type { ErrorCode } from "../../core/error-table.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { problemSchema } from "../../protocol/problem.ts";
import type { Problem } from "../../protocol/problem.ts";
import { parseJson } from "../../util/parse-json.ts";
import { quote } from "../../util/quote.ts";
import type { Failure } from "./reply.ts";

export interface BadAnswer {
  readonly host: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body. */
  readonly text: string;
}

/** Statuses after which the same request may succeed. */
const retried = new Set([408, 425, 429]);
/** Statuses that say that nothing was done. */
const untouched = new Set([408, 425, 429, 503, 507]);
/** The longest wait that a server may ask for. */
const maxRetryAfterMs = 5 * 60_000;

/** What an answer means that is not the one that was asked for: a refusal, a stumble, or somebody else's. */
export function toAnswerFailure(answer: BadAnswer): Failure {
  const { status, headers, text } = answer;
  const problem = problemSchema.safeParse(parseJson(text)).data ?? null;
  const code = chooseCode(status, problem);
  // The same request, sent before: what becomes of it is not yet known.
  const isInFlight = problem?.code === "IN_FLIGHT";
  const isRetryable = retried.has(status) || status >= 500 || isInFlight;
  const isUntouched = untouched.has(status) || (status >= 400 && status < 500);
  return {
    ok: false,
    error: new WorkerError(code, describe(answer, problem), { hint: chooseHint(answer) }),
    status,
    problem: problem?.code ?? null,
    retryable: isRetryable,
    untouched: isUntouched && !isInFlight,
    retryAfterMs: parseRetryAfter(headers["retry-after"]),
  };
}

/** A 200 that is not the server's: the page of a proxy or a login. */
export function toForeignFailure({ host, status, headers }: BadAnswer, what?: string): Failure {
  const type = quote((headers["content-type"] ?? "nothing").split(";", 1)[0] ?? "");
  const message = `Something else than a task server answered at ${host}: ${what ?? `${status} with ${type}`}.`;
  const hint = "See what answers there: a proxy, a login page, another program. Check --server-url.";
  return {
    ok: false,
    error: new WorkerError("SERVER_UNREACHABLE", message, { hint }),
    status,
    problem: null,
    retryable: true,
    untouched: false,
    retryAfterMs: null,
  };
}

const byProblem: Readonly<Record<string, ErrorCode>> = {
  UNAUTHORIZED: "SERVER_KEY",
  FORBIDDEN: "SERVER_KEY",
  AGENT_UNKNOWN: "AGENT_UNKNOWN",
  REPOSITORY_REFUSED: "REPOSITORY_REFUSED",
  SESSION_UNKNOWN: "SESSION_UNKNOWN",
  QUEUE_FULL: "SERVER_BUSY",
  DRAINING: "SERVER_BUSY",
};

function chooseCode(status: number, problem: Problem | null): ErrorCode {
  const known = problem === null ? undefined : byProblem[problem.code];
  if (known !== undefined) return known;
  if (status >= 300 && status < 400) return "SERVER_REDIRECT";
  return byStatus.get(status) ?? "SERVER_REFUSED";
}

const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, "SERVER_KEY"],
  [403, "SERVER_KEY"],
  [407, "SERVER_UNREACHABLE"],
  [408, "SERVER_UNREACHABLE"],
  [426, "SERVER_VERSION"],
  [429, "SERVER_BUSY"],
  [502, "SERVER_UNREACHABLE"],
  [503, "SERVER_BUSY"],
  [504, "SERVER_UNREACHABLE"],
  [507, "SERVER_BUSY"],
]);

function describe({ host, status, headers }: BadAnswer, problem: Problem | null): string {
  if (status >= 300 && status < 400)
    return `The server ${host} points to another place: ${quoteOrigin(headers["location"])}.`;
  if (problem === null) return `The server ${host} answered ${status}.`;
  const where = problem.errors?.slice(0, 5).map(({ pointer, message }) => `${quote(pointer)} ${quote(message)}`) ?? [];
  const said = [quote(problem.detail ?? problem.title), ...where].join("; ");
  return `The server ${host} answered ${status} ${quote(problem.code).slice(1, -1)}: ${said} (request ${quote(problem.requestId)}).`;
}

/** Only where to: a redirect may carry what must not be shown. */
function quoteOrigin(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return "a path";
  return new URL(location).origin;
}

function chooseHint({ status }: BadAnswer): string | undefined {
  if (status === 401) return "Check the key: CLAUDE_SERVER_API_KEY (or --server-api-key).";
  if (status === 403)
    return "The server does not allow it to this key, or does not know this address of its own (Host).";
  if (status === 407) return "Check the proxy: HTTPS_PROXY, HTTP_PROXY, NO_PROXY.";
  return undefined;
}

/** Seconds, or a date; in milliseconds from now. */
function parseRetryAfter(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = /^\s*\d+\s*$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  if (!Number.isFinite(seconds)) return null;
  return Math.min(Math.max(0, seconds * 1000), maxRetryAfterMs);
}

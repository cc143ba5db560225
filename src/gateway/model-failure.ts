import type { CredentialKind } from "../core/credential.ts";
import type { ErrorCode } from "../core/error-table.ts";
import type { ProviderError } from "./answer-meter.ts";

/** Why the model could not be used. Holds no credential and no query. */
export interface ModelFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export interface ModelAnswer {
  readonly status: number;
  readonly host: string;
  readonly retryAfter: string | undefined;
  /** As the provider said it, without secrets. */
  readonly error: ProviderError | null;
  readonly kind: CredentialKind;
}

/** The failure an answer of the provider stands for; null for success and for requests that are wrong in themselves. */
export function toAnswerFailure(answer: ModelAnswer): ModelFailure | null {
  const code = chooseCode(answer);
  if (code === null) return null;
  const said = answer.error === null ? "" : `: ${toLine(answer.error.message)}`;
  const status = answer.status < 400 ? (answer.error?.type ?? "error") : String(answer.status);
  return {
    code,
    message: `The model endpoint ${answer.host} ${verbs[code] ?? "failed"} (${status})${said}`,
    hint: chooseHint(code, answer),
  };
}

const verbs: Readonly<Partial<Record<ErrorCode, string>>> = {
  MODEL_CREDENTIAL: "refused the credential",
  MODEL_RATE_LIMIT: "limits the rate of requests",
  MODEL_TIMEOUT: "took too long",
  LIMIT_QUOTA: "says that nothing is left to spend",
};

const codeOfType: ReadonlyMap<string, ErrorCode> = new Map([
  ["authentication_error", "MODEL_CREDENTIAL"],
  ["permission_error", "MODEL_CREDENTIAL"],
  ["rate_limit_error", "MODEL_RATE_LIMIT"],
  ["timeout_error", "MODEL_TIMEOUT"],
  ["billing_error", "LIMIT_QUOTA"],
  ["overloaded_error", "MODEL_OVERLOADED"],
  ["api_error", "MODEL_OVERLOADED"],
]);

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: "MODEL_CREDENTIAL",
  402: "LIMIT_QUOTA",
  403: "MODEL_CREDENTIAL",
  408: "MODEL_TIMEOUT",
  429: "MODEL_RATE_LIMIT",
  504: "MODEL_TIMEOUT",
};

function chooseCode({ status, error }: ModelAnswer): ErrorCode | null {
  if (status < 300) return error === null ? null : (codeOfType.get(error.type) ?? null);
  // An empty account is told as a wrong request.
  if (status === 400 && error !== null && /credit balance/i.test(error.message)) return "LIMIT_QUOTA";
  return codeOfStatus[status] ?? (status >= 500 ? "MODEL_OVERLOADED" : null);
}

function chooseHint(code: ErrorCode, { retryAfter, kind }: ModelAnswer): string {
  const wait = toSeconds(retryAfter);
  if (code === "MODEL_CREDENTIAL" && kind === "api-key")
    return "Check ANTHROPIC_API_KEY: is it valid, and for this endpoint?";
  if (code === "MODEL_CREDENTIAL") return "Check CLAUDE_CODE_OAUTH_TOKEN; `claude setup-token` makes a new one.";
  if (code === "LIMIT_QUOTA") return "Add credit to the account, or use another credential.";
  if (wait !== null) return `Try again in ${wait} s.`;
  return code === "MODEL_RATE_LIMIT" ? "Try again later, or with fewer runs at once." : "Try again later.";
}

/** `retry-after` holds seconds or a date. */
function toSeconds(retryAfter: string | undefined): number | null {
  if (retryAfter === undefined) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const until = Date.parse(retryAfter);
  return Number.isNaN(until) ? null : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

/** One printable line of what somebody else wrote; cut first, since it may be as long as they like. */
function toLine(text: string): string {
  const line = text
    .slice(0, 1000)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return line.length > 300 || text.length > 1000 ? `${line.slice(0, 299)}…` : line;
}

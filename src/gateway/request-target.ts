/** What of a request decides where it may go. */
export interface RequestLine {
  readonly method: string;
  /** The request target as it came: nothing decoded, nothing resolved. */
  readonly target: string;
  readonly host: string | undefined;
}

export type TargetDecision =
  | { readonly allowed: true; readonly path: string; readonly query: string; readonly isMessages: boolean }
  | { readonly allowed: false; readonly path: string; readonly host: string; readonly why: string };

/**
 * The calls an agent CLI makes of the model API, and no more: the same credential also reads files and batches
 * of its owner.
 */
const modelCalls: readonly { readonly method: string; readonly path: RegExp }[] = [
  { method: "POST", path: /^\/v1\/messages$/ },
  { method: "POST", path: /^\/v1\/messages\/count_tokens$/ },
  { method: "GET", path: /^\/v1\/models(?:\/[\w.:@-]+)?$/ },
];

const loopback = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Decides by the request line alone whether a request of the container may leave. Pure. */
export function decideTarget({ method, target, host }: RequestLine): TargetDecision {
  const [beforeQuery = "", ...rest] = target.split("?");
  const deny = (why: string, asked = host ?? ""): TargetDecision => ({
    allowed: false,
    path: beforeQuery.startsWith("/") ? beforeQuery.slice(0, 1000) : "",
    host: asked.slice(0, 255),
    why,
  });
  if (method === "CONNECT") return deny("tunnels are not open", target);
  if (!target.startsWith("/")) return deny("only requests to the model endpoint leave", readHost(target));
  if (host === undefined || !loopback.test(host)) return deny("only requests to the model endpoint leave");
  // Everything the model API needs is plain: whoever encodes, climbs or doubles slashes wants something else.
  if (!/^(?:\/[\w.:@-]+)+$/.test(beforeQuery) || /\/\.{1,2}(?:\/|$)/.test(beforeQuery)) return deny("no such path");
  const query = rest.length === 0 ? "" : `?${rest.join("?")}`;
  if (!/^[\x21\x24-\x7e]*$/.test(query)) return deny("no such query");
  if (!modelCalls.some((call) => call.method === method && call.path.test(beforeQuery))) {
    return deny("it is not a call of the model API");
  }
  return { allowed: true, path: beforeQuery, query, isMessages: beforeQuery === "/v1/messages" };
}

/** The host of an absolute target, without user or port's credentials; empty where it is none. */
function readHost(target: string): string {
  return URL.canParse(target) ? new URL(target).host : "";
}

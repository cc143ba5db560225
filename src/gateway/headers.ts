import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Credential } from "../core/credential.ts";
import type { Redactor } from "../util/redact.ts";

const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const notFromContainer = new Set([
  ...hopByHop,
  "accept-encoding",
  "authorization",
  "cookie",
  "expect",
  "host",
  "x-api-key",
]);

const notToContainer = new Set([...hopByHop, "content-encoding", "content-length", "location", "set-cookie"]);

/** Claude Code sends this with an OAuth token; the provider refuses the token without it. */
const oauthBeta = "oauth-2025-04-20";

/** What the provider gets: the container's headers, without any credential but ours, and uncompressed answers. */
export function toUpstreamHeaders(
  headers: IncomingHttpHeaders,
  credential: Credential,
): Record<string, string | string[]> {
  const kept = keep(headers, notFromContainer);
  kept["accept-encoding"] = "identity";
  if (credential.kind === "api-key") return { ...kept, "x-api-key": credential.value };
  const betas = [headers["anthropic-beta"] ?? ""].flat().join(",").split(",");
  const merged = new Set([...betas.map((beta) => beta.trim()), oauthBeta]);
  merged.delete("");
  return { ...kept, authorization: `Bearer ${credential.value}`, "anthropic-beta": [...merged].join(",") };
}

/** What the container gets: no cookie, and no length or encoding, since the body may change on its way. */
export function toContainerHeaders(headers: IncomingHttpHeaders, redactor: Redactor): OutgoingHttpHeaders {
  const kept = Object.entries(keep(headers, notToContainer));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === "string" ? redactor.redactText(value) : value.map((one) => redactor.redactText(one)),
    ]),
  );
}

function keep(headers: IncomingHttpHeaders, dropped: ReadonlySet<string>): Record<string, string | string[]> {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !dropped.has(name) && !named.has(name)) kept[name] = value;
  }
  return kept;
}

import type { Config } from "../../config/config.ts";
import { readCode } from "../../util/error-facts.ts";
import { quoteForShell } from "../../util/printable.ts";
import { tryConnection } from "../../util/try-connection.ts";
import { fail, ok } from "./finding.ts";
import type { Finding } from "./finding.ts";

const connectTimeoutMs = 3000;

/** Whether there is a credential and of which kind; never its value. */
export function checkCredential({ credential }: Config): Finding {
  if (credential !== null) return ok("credential", credential.kind === "api-key" ? "API key, set" : "OAuth token, set");
  return fail("credential", "none is set", "export ANTHROPIC_API_KEY=...   # or CLAUDE_CODE_OAUTH_TOKEN");
}

/** Whether somebody accepts a connection at the model's endpoint, or at the proxy on the way to it. */
export async function checkModel({ modelBaseUrl, proxyUrl }: Config, signal: AbortSignal): Promise<Finding> {
  const endpoint = new URL(modelBaseUrl).origin;
  if (proxyUrl === undefined) return checkReachable("model", modelBaseUrl, { label: endpoint, signal });
  // The proxy's URL may hold a password: only host and port are shown.
  return checkReachable("model", proxyUrl, { label: `${endpoint} by proxy ${new URL(proxyUrl).host}`, signal });
}

async function checkReachable(name: string, url: string, { label, signal }: { label: string; signal: AbortSignal }) {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  try {
    const target = { host, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
    await tryConnection(target, { signal, timeoutMs: connectTimeoutMs });
    return ok(name, `${label} accepts connections`);
  } catch (error) {
    const why = readCode(error) ?? String(error);
    return fail(name, `${label} cannot be reached (${why})`, `curl -v ${quoteForShell(new URL(url).origin)}`);
  }
}

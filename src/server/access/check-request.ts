import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { apiVersion } from "../../protocol/server-info.ts";
import { ProblemError } from "../http/problem-error.ts";

export interface HostRules {
  /** The address that is listened on. */
  readonly host: string;
  /** Names beside it under which the server is reached: behind a proxy, in a container network. */
  readonly publicHosts: readonly string[];
}

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * What every request must keep to, whoever sends it: no page of somebody else's that a browser was led to speaks to the server.
 * Throws BAD_REQUEST, FORBIDDEN, UPGRADE_REQUIRED.
 */
export function checkRequest(incoming: IncomingMessage, rules: HostRules): void {
  const host = checkHost(incoming, rules);
  checkOrigin(incoming, host);
  const { "agent-worker-api": version } = incoming.headers;
  if (version !== undefined && String(version).split(".", 1).join("") !== String(apiVersion)) {
    const detail = `The client speaks version ${String(version).slice(0, 20)} of the API, the server version ${apiVersion}.`;
    throw new ProblemError("UPGRADE_REQUIRED", { detail, headers: { "Agent-Worker-Api": String(apiVersion) } });
  }
}

function checkHost({ headersDistinct }: IncomingMessage, rules: HostRules): string {
  const [host, ...more] = headersDistinct["host"] ?? [];
  if (host === undefined) throw new ProblemError("BAD_REQUEST", { detail: "The request has no Host header." });
  if (more.length > 0) throw new ProblemError("BAD_REQUEST", { detail: "The request has more than one Host header." });
  if (isOwnHost(host, rules)) return host;
  throw new ProblemError("FORBIDDEN", { detail: "The Host header names another server. See --public-host." });
}

function checkOrigin(incoming: IncomingMessage, host: string): void {
  const { method, headers } = incoming;
  const isSafe = method === "GET" || method === "HEAD" || method === "OPTIONS";
  const isSocket = headers.upgrade !== undefined;
  if ((!isSafe || isSocket) && headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
    throw new ProblemError("FORBIDDEN", { detail: "The request comes from a page of another origin." });
  }
  if (isLedHere(incoming)) {
    throw new ProblemError("FORBIDDEN", { detail: "The request comes from a page of another site." });
  }
}

/** By a page elsewhere, and not to the page: an image, a frame or a form has no Origin, and even reading makes repositories and work. */
function isLedHere({ headers, url }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"] ?? "none";
  return site !== "none" && site !== "same-origin" && url?.split("?", 1)[0] !== "/";
}

/**
 * A name that points here in someone's DNS is not a name of the server's. One that listens to the network may have any, unless they
 * are told: it has keys, and a page that was led there has none.
 */
function isOwnHost(header: string, { host, publicHosts }: HostRules): boolean {
  const name = header.replace(/:\d*$/, "").toLowerCase();
  if (loopbackNames.has(name) || name === host || name === `[${host}]` || publicHosts.includes(name)) return true;
  return !isLoopback(host) && publicHosts.length === 0 && /^[a-z0-9_.-]+$|^\[[0-9a-f:.]+\]$/.test(name);
}

/** A proxy may have ended TLS, so the scheme does not count. */
function isSameOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase().replace(/^https?:\/\//, "") === host.toLowerCase();
}

import { BlockList, isIP } from "node:net";

export interface ProxySettings {
  readonly http: string | undefined;
  readonly https: string | undefined;
  /** NO_PROXY: hosts, `.suffixes`, addresses, networks (`10.0.0.0/8`), each with an optional port; `*` is everything. */
  readonly bypass: string | undefined;
}

/** The proxy for an endpoint, undefined for a direct connection. Loopback is always direct. */
export function chooseProxy(endpoint: string, settings: ProxySettings): string | undefined {
  const url = new URL(endpoint);
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (proxy === undefined || isLoopback(host)) return undefined;
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const bypassed = (settings.bypass ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .some((pattern) => pattern !== "" && matches(pattern, host, port));
  return bypassed ? undefined : proxy;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || matchesNetwork("127.0.0.0/8", host);
}

function matches(pattern: string, host: string, port: string): boolean {
  if (pattern === "*") return true;
  if (pattern.includes("/")) return matchesNetwork(pattern, host);
  const [, name = pattern, wantedPort] =
    isIP(pattern) === 6 ? [] : (/^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(pattern) ?? []);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const suffix = name.replace(/^\*?\./, "");
  return host === suffix || host.endsWith(`.${suffix}`);
}

function matchesNetwork(network: string, host: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const family = isIP(address);
  const prefix = Number(bits);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits) || prefix > (family === 4 ? 32 : 128)) return false;
  const name = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, prefix, name);
  return list.check(host, name);
}

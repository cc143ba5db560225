import { maxConnections } from "./sender.ts";
import type { Sender, UpstreamLimits } from "./sender.ts";

export interface ProxiedTarget {
  readonly base: URL;
  readonly proxyUrl: string;
  /** Certificates to trust (PEM), in place of Node's, also the proxy's; undefined: Node's. */
  readonly ca: readonly string[] | undefined;
}

/** Sends through a proxy, with undici: Node's own client can only since 24.5. */
export async function openProxiedSender(target: ProxiedTarget, limits: UpstreamLimits): Promise<Sender> {
  const { ProxyAgent } = await import("undici");
  const trust = target.ca === undefined ? {} : { ca: [...target.ca] };
  const agent = new ProxyAgent({
    uri: target.proxyUrl,
    allowH2: false,
    connections: maxConnections,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
    connect: { timeout: limits.connectTimeoutMs, ...trust },
    requestTls: trust,
    proxyTls: trust,
  });
  return {
    async send(request) {
      const { statusCode, headers, body } = await agent.request({ ...request, origin: target.base.origin });
      return { status: statusCode, headers, body };
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

import { Agent as HttpAgent, request as requestHttp } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { urlToHttpOptions } from "node:url";
import type { Sender, UpstreamLimits } from "./sender.ts";
import { maxConnections } from "./sender.ts";

/** A connection that nobody uses is closed by us, before the provider does it in the middle of our next request. */
const idleMs = 4_000;

export interface DirectTarget {
  readonly base: URL;
  /** Certificates to trust (PEM), in place of Node's; undefined: Node's. */
  readonly ca: readonly string[] | undefined;
}

/**
 * Sends with Node's own client, which is there already: undici takes 50 ms of CPU to load and to compile its WebAssembly, beside an agent
 * CLI that starts. Errors are Node's; its time limits add the codes CONNECT_TIMEOUT, HEADERS_TIMEOUT and BODY_TIMEOUT.
 */
export function openDirectSender({ base, ca }: DirectTarget, limits: UpstreamLimits): Sender {
  const common = { keepAlive: true, maxSockets: maxConnections, timeout: idleMs };
  const trust = ca === undefined ? {} : { ca: [...ca] };
  const isTls = base.protocol === "https:";
  // Without TLS there is no server name to find out, for which Node would compile its expression for IPv6: 3 ms.
  const plain = { ...common, servername: "" };
  const agent = isTls ? new HttpsAgent({ ...common, ...trust }) : new HttpAgent(plain);
  const target = { ...urlToHttpOptions(base), agent };
  return {
    async send({ path, method, headers, body, signal }) {
      const options = { ...target, path, method, headers, signal };
      const request = isTls ? requestHttps(options) : requestHttp(options);
      const answering = readAnswer(request, limits);
      if (body === null) request.end();
      // What goes wrong shows in the request as well.
      else pipeline(body, request, () => undefined);
      const answer = await answering;
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: answer };
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

function readAnswer(request: ClientRequest, limits: UpstreamLimits): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let timer: NodeJS.Timeout | undefined;
  const limit = (ms: number, code: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => request.destroy(buildTimeout(code)), ms);
  };
  request.once("socket", (socket: Socket) => {
    if (!socket.connecting) return;
    limit(limits.connectTimeoutMs, "CONNECT_TIMEOUT");
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => clearTimeout(timer));
  });
  request.once("finish", () => limit(limits.headersTimeoutMs, "HEADERS_TIMEOUT"));
  request.once("response", (answer: IncomingMessage) => {
    clearTimeout(timer);
    answer.setTimeout(limits.bodyTimeoutMs, () => {
      // Else it is who reads it that is slow.
      if (answer.readableLength === 0) answer.destroy(buildTimeout("BODY_TIMEOUT"));
    });
    resolve(answer);
  });
  request.on("error", reject);
  request.once("close", () => clearTimeout(timer));
  return promise;
}

function buildTimeout(code: string): Error {
  return Object.assign(new Error("The model endpoint took too long."), { code });
}

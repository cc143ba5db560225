import { WorkerError } from "../core/worker-error.ts";

/** Where an engine answers. */
export type EngineAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: TlsFiles | undefined };

/** A directory with `ca.pem`, `cert.pem` and `key.pem`, as `DOCKER_CERT_PATH` and Docker contexts have it. */
export interface TlsFiles {
  readonly directory: string;
}

const plainPort = 2375;
const tlsPort = 2376;

/**
 * Reads an address as `DOCKER_HOST` has it: `unix:///path`, `tcp://host[:port]` or `host:port`.
 * @throws WorkerError ENGINE_UNAVAILABLE for schemes that cannot work here, with what to do instead.
 */
export function parseEngineAddress(text: string, tls: TlsFiles | undefined): EngineAddress {
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(text) ?? [];
  if (scheme === "unix") return { kind: "unix", path: rest === "" ? "/var/run/docker.sock" : rest };
  if (scheme === "tcp" || scheme === "http" || scheme === "https") return parseTcp(text, { scheme, rest, tls });
  throw new WorkerError("ENGINE_UNAVAILABLE", `The engine address ${text} cannot be used: ${explainScheme(scheme)}.`, {
    hint: "Set DOCKER_HOST to unix:///path/to/docker.sock, or unset it to let agent-worker look for a local engine.",
  });
}

export function formatEngineAddress(address: EngineAddress): string {
  return address.kind === "unix" ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`;
}

function parseTcp(text: string, parts: { scheme: string; rest: string; tls: TlsFiles | undefined }): EngineAddress {
  const url = URL.parse(`http://${parts.rest}`);
  if (url === null || url.hostname === "") {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The engine address ${text} is not an address.`, {
      hint: "Write DOCKER_HOST as unix:///path/to/docker.sock or tcp://host:port.",
    });
  }
  const secure = parts.tls !== undefined || parts.scheme === "https";
  // WHATWG URLs drop port 80 of http, and an absent port is Docker's own default.
  const port = url.port === "" ? (/:80(\/|$)/.test(parts.rest) ? 80 : secure ? tlsPort : plainPort) : Number(url.port);
  return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port, tls: parts.tls };
}

function explainScheme(scheme: string): string {
  switch (scheme) {
    case "ssh":
      return "agent-worker does not open ssh connections, and a remote engine cannot reach this machine's files";
    case "npipe":
      return "Windows named pipes are not supported";
    default:
      return `the scheme ${scheme}:// is unknown`;
  }
}

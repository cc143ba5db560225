import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { join } from "node:path";
import { inspect } from "node:util";
import type Dockerode from "dockerode";
import { WorkerError } from "../core/worker-error.ts";
import { readMessage } from "../util/error-facts.ts";
import { formatEngineAddress } from "./engine-address.ts";
import type { EngineAddress, TlsFiles } from "./engine-address.ts";
import type { EngineInfo } from "./engine-info.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { findEngine } from "./find-engine.ts";
import type { RefusedCandidate } from "./find-engine.ts";

/** A container engine that accepted a connection. Dispose of it: its idle connections are closed. */
export interface Engine extends AsyncDisposable {
  /** Seen in src/container only. */
  readonly docker: Dockerode;
  /** `unix:///path` or `tcp://host:port`. */
  readonly endpoint: string;
  /** The candidates that were tried before it. */
  readonly refused: readonly RefusedCandidate[];
  /** Another machine, or this one over the network: sockets and directories of ours may not be there. */
  readonly isRemote: boolean;
  /** What it says of itself; asked once, when first needed. */
  info(): Promise<EngineInfo>;
}

/**
 * Finds the engine and gets ready to talk to it. No request is made: the first real call is the proof.
 * @throws WorkerError ENGINE_UNAVAILABLE
 */
export async function connectEngine(settings: EngineSettings, signal: AbortSignal): Promise<Engine> {
  // Loading dockerode takes longer than finding the engine: both at once.
  const [{ default: Docker }, found] = await Promise.all([import("dockerode"), findEngine(settings, signal)]);
  const options = await toModemOptions(found.address);
  const docker = new Docker(options);
  let info: Promise<EngineInfo> | undefined;
  return {
    docker,
    endpoint: formatEngineAddress(found.address),
    refused: found.refused,
    isRemote: isRemote(found.address),
    info: () => (info ??= askInfo(docker, signal)),
    async [Symbol.asyncDispose]() {
      options.agent.destroy();
    },
  };
}

/** Loaded on call: a run does not ask, and should begin soon. */
async function askInfo(docker: Dockerode, signal: AbortSignal): Promise<EngineInfo> {
  const { readEngineInfo } = await import("./engine-info.ts");
  return readEngineInfo(docker, signal);
}

/** dockerode's types leave out `agent`, which docker-modem takes. */
interface ModemOptions extends Dockerode.DockerOptions {
  readonly agent: HttpAgent;
}

/** Loopback counts as local: that is where Docker in a virtual machine of this host answers. */
function isRemote(address: EngineAddress): boolean {
  if (address.kind === "unix") return false;
  return !/^(localhost|127(\.\d+){3}|::1)$/.test(address.host);
}

/** Every option is given, also the undefined ones: docker-modem fills what is missing from DOCKER_HOST and friends. */
async function toModemOptions(address: EngineAddress): Promise<ModemOptions> {
  const none = { host: undefined, port: undefined, socketPath: undefined, username: undefined, timeout: undefined };
  const noTls = { ca: undefined, cert: undefined, key: undefined };
  if (address.kind === "unix") {
    return {
      ...none,
      ...noTls,
      protocol: "http",
      socketPath: address.path,
      agent: createAgent(),
    };
  }
  const { host, port, tls } = address;
  if (tls === undefined) {
    return { ...none, ...noTls, protocol: "http", host, port, agent: createAgent() };
  }
  return {
    ...none,
    ...(await readTlsFiles(tls)),
    protocol: "https",
    host,
    port,
    agent: terse(new HttpsAgent({ keepAlive: true })),
  };
}

/** Without TLS there is no server name to find out, for which Node would compile its expression for IPv6: 3 ms. */
function createAgent(): HttpAgent {
  const options = { keepAlive: true, servername: "" };
  return terse(new HttpAgent(options));
}

/** docker-modem formats each request for a log that nobody reads, down to the last field of every socket: 9 ms of a run. */
function terse<Agent extends HttpAgent>(agent: Agent): Agent {
  return Object.assign(agent, { [inspect.custom]: () => "Agent" });
}

async function readTlsFiles({ directory }: TlsFiles): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  try {
    const [ca, cert, key] = await Promise.all(
      (["ca.pem", "cert.pem", "key.pem"] as const).map((name) => readFile(join(directory, name))),
    );
    if (ca === undefined || cert === undefined || key === undefined) throw new Error("three files are needed");
    return { ca, cert, key };
  } catch (error) {
    throw new WorkerError("ENGINE_UNAVAILABLE", `The engine's certificates cannot be read: ${readMessage(error)}`, {
      hint: "DOCKER_CERT_PATH must name a directory with ca.pem, cert.pem and key.pem.",
      cause: error,
    });
  }
}

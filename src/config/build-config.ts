import { dirname, join } from "node:path";
import type { Credential } from "../core/credential.ts";
import { chooseProxy } from "./choose-proxy.ts";
import type { ProxySettings } from "./choose-proxy.ts";
import type { Config } from "./config.ts";
import { options } from "./options.ts";
import { read, readList, readOptional } from "./reading.ts";
import type { Reading } from "./reading.ts";

/** Defaults that depend on the machine. */
export interface MachineDefaults {
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  readonly configDirectory: string;
}

/** Reads every option once and checks what concerns several. Problems go to the reading. */
export function buildConfig(reading: Reading, machine: MachineDefaults): Config {
  const modelBaseUrl = read(reading, options.modelBaseUrl);
  const proxies = {
    http: readOptional(reading, options.httpProxy),
    https: readOptional(reading, options.httpsProxy),
    bypass: readOptional(reading, options.noProxy),
  };
  const config: Config = {
    repository: read(reading, options.repository),
    base: read(reading, options.base),
    branch: readOptional(reading, options.branch),
    onBranchExists: read(reading, options.onBranchExists),
    executionMode: read(reading, options.executionMode),
    server: buildServerAccess(reading, proxies),
    agent: read(reading, options.agent),
    model: readOptional(reading, options.model),
    session: readOptional(reading, options.session),
    limits: {
      maxTurns: readOptional(reading, options.maxTurns),
      maxCostUsd: readOptional(reading, options.maxCost),
      timeoutMs: read(reading, options.timeout),
    },
    container: buildContainer(reading),
    serve: buildServe(reading, read(reading, options.stateDirectory, machine.stateDirectory)),
    output: read(reading, options.output),
    reports: readList(reading, options.reports),
    dryRun: read(reading, options.dryRun),
    verbosity: read(reading, options.verbosity),
    color: read(reading, options.color),
    commit: { authorName: read(reading, options.authorName), authorEmail: read(reading, options.authorEmail) },
    credential: chooseCredential(reading),
    modelBaseUrl,
    proxyUrl: chooseProxy(modelBaseUrl, proxies),
    ...buildMachine(reading, machine),
  };
  readList(reading, options.trust);
  if (config.executionMode === "server" && config.server.urls.length === 0) {
    const message = "server mode needs the address of a task server: use --server-url or CLAUDE_SERVER_URL";
    reading.problems.push({ where: reading.entries.get("executionMode")?.origin.name ?? "", message });
  }
  return deepFreeze(config);
}

function buildServerAccess(reading: Reading, proxies: ProxySettings): Config["server"] {
  const urls = readList(reading, options.serverUrls);
  const endpoints = urls.map((url) => ({ url, proxyUrl: chooseProxy(url, proxies) }));
  return { urls, endpoints, apiKey: readOptional(reading, options.serverApiKey) };
}

function buildContainer(reading: Reading): Config["container"] {
  return {
    image: readOptional(reading, options.image),
    baseImage: read(reading, options.baseImage),
    buildNetwork: readOptional(reading, options.buildNetwork),
    caBundle: readOptional(reading, options.caBundle),
    cpus: read(reading, options.cpus),
    memoryBytes: read(reading, options.memory),
    pids: read(reading, options.pids),
  };
}

function buildServe(reading: Reading, stateDirectory: string): Config["serve"] {
  return {
    host: read(reading, options.host),
    port: read(reading, options.port),
    publicHosts: readList(reading, options.publicHosts),
    dataDirectory: read(reading, options.dataDirectory, join(stateDirectory, "server")),
    concurrency: read(reading, options.concurrency),
    warm: read(reading, options.warm),
    queueLimit: read(reading, options.queueLimit),
    workspaceRoots: readList(reading, options.workspaceRoots),
    urlHosts: readList(reading, options.urlHosts),
    drainMs: read(reading, options.drainTimeout),
    keepMs: read(reading, options.keep),
    keysFile: readOptional(reading, options.keysFile),
    keys: readOptional(reading, options.keys),
  };
}

function buildMachine(reading: Reading, machine: MachineDefaults): Pick<Config, "directories" | "engine" | "git"> {
  const home = read(reading, options.home, reading.home);
  const config = read(reading, options.configDirectory, machine.configDirectory);
  return {
    directories: {
      state: read(reading, options.stateDirectory, machine.stateDirectory),
      runtime: read(reading, options.runtimeDirectory, machine.runtimeDirectory),
      home,
      config,
    },
    engine: {
      host: readOptional(reading, options.engineHost),
      context: readOptional(reading, options.engineContext),
      configDirectory: read(reading, options.engineConfigDirectory, join(home, ".docker")),
      tlsVerify: read(reading, options.engineTlsVerify),
      certPath: readOptional(reading, options.engineCertPath),
    },
    // What the user has set for all programs: our own directory is right below it.
    git: { path: read(reading, options.path), home, xdgConfigHome: dirname(config) },
  };
}

/** Where both kinds are there, the one from the stronger source counts, and the API key between equals. */
function chooseCredential(reading: Reading): Credential | null {
  const apiKey = readOptional(reading, options.apiKey);
  const token = readOptional(reading, options.oauthToken);
  if (apiKey === undefined) return token === undefined ? null : { kind: "oauth-token", value: token };
  if (token === undefined) return { kind: "api-key", value: apiKey };
  const first = reading.layers.find((layer) => layer.has(options.apiKey.key) || layer.has(options.oauthToken.key));
  const useKey = first?.has(options.apiKey.key) ?? true;
  const names = [options.apiKey.key, options.oauthToken.key].map((key) => reading.entries.get(key)?.origin.name ?? key);
  const [used, unused] = useKey ? names : names.reverse();
  const message = `Two credentials for the model are set: ${used ?? ""} is used, ${unused ?? ""} is not.`;
  reading.warnings.push({ code: "CREDENTIAL_AMBIGUOUS", message });
  return useKey ? { kind: "api-key", value: apiKey } : { kind: "oauth-token", value: token };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}

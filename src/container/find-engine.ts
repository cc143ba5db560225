import { statSync } from "node:fs";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { readCode, readMessage } from "../util/error-facts.ts";
import { tryConnection } from "../util/try-connection.ts";
import { readContextAddress, readCurrentContext } from "./docker-context.ts";
import { formatEngineAddress, parseEngineAddress } from "./engine-address.ts";
import type { EngineAddress } from "./engine-address.ts";
import type { EngineSettings } from "./engine-settings.ts";

export interface EngineCandidate {
  /** Who names it, for people: `DOCKER_HOST`, `context colima`, `Docker`, `rootless Docker`, ... */
  readonly source: string;
  readonly address: EngineAddress;
}

export interface RefusedCandidate {
  readonly source: string;
  /** The address as text. */
  readonly endpoint: string;
  /** Why it was refused, for people. */
  readonly reason: string;
  /** The command that mends it, where one is known. */
  readonly remedy: string | undefined;
}

export interface FoundEngine extends EngineCandidate {
  /** The candidates tried before it. */
  readonly refused: readonly RefusedCandidate[];
}

/** A local engine accepts at once; one on the network must do so within this time. */
const connectTimeoutMs = 5000;

/**
 * The first engine that accepts a connection. One that is named (DOCKER_HOST, a context) is the only one tried:
 * silently using another would run the task where the user did not want it.
 * @throws WorkerError ENGINE_UNAVAILABLE that names each candidate and why it was refused.
 */
export async function findEngine(settings: EngineSettings, signal: AbortSignal): Promise<FoundEngine> {
  return chooseEngine(listCandidates(settings), signal);
}

/** As `findEngine`, among these candidates. */
export async function chooseEngine(candidates: readonly EngineCandidate[], signal: AbortSignal): Promise<FoundEngine> {
  const refused: RefusedCandidate[] = [];
  for (const candidate of candidates) {
    const refusal = await tryCandidate(candidate, signal);
    if (refusal === undefined) return { ...candidate, refused };
    refused.push(refusal);
  }
  throw buildUnavailable(refused);
}

/** The candidates in the order they are tried. */
export function listCandidates(settings: EngineSettings): readonly EngineCandidate[] {
  if (settings.host !== undefined && settings.host !== "") {
    return [{ source: "DOCKER_HOST", address: parseEngineAddress(settings.host, toTlsFiles(settings)) }];
  }
  const context = settings.context || readCurrentContext(settings.configDirectory);
  if (context !== undefined && context !== "default") {
    const address = readContextAddress(settings.configDirectory, context);
    return [{ source: `context ${context}`, address }];
  }
  const own = settings.runtimeDirectory !== undefined && isOwnDirectory(settings.runtimeDirectory);
  return listWellKnown(own ? settings : { ...settings, runtimeDirectory: undefined });
}

/** Without XDG_RUNTIME_DIR the runtime directory may be /tmp, where anybody could offer a socket to us. */
function isOwnDirectory(directory: string): boolean {
  try {
    const { uid, mode } = statSync(directory);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}

function toTlsFiles(settings: EngineSettings): { directory: string } | undefined {
  if (settings.certPath === undefined && !settings.tlsVerify) return undefined;
  return { directory: settings.certPath ?? settings.configDirectory };
}

function buildCandidate(source: string, ...path: readonly string[]): EngineCandidate {
  return { source, address: { kind: "unix", path: join(...path) } };
}

function listWellKnown({ runtimeDirectory, home }: EngineSettings): readonly EngineCandidate[] {
  const runtime = (source: string, ...path: readonly string[]) =>
    runtimeDirectory === undefined ? [] : [buildCandidate(source, runtimeDirectory, ...path)];
  return [
    buildCandidate("Docker", "/var/run/docker.sock"),
    ...runtime("rootless Docker", "docker.sock"),
    buildCandidate("Docker Desktop", home, ".docker/run/docker.sock"),
    buildCandidate("Docker Desktop", home, ".docker/desktop/docker.sock"),
    buildCandidate("Colima", home, ".colima/default/docker.sock"),
    ...runtime("rootless Podman", "podman/podman.sock"),
    buildCandidate("Podman", "/run/podman/podman.sock"),
  ];
}

async function tryCandidate(candidate: EngineCandidate, signal: AbortSignal): Promise<RefusedCandidate | undefined> {
  try {
    await tryConnection(candidate.address, { signal, timeoutMs: connectTimeoutMs });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw new WorkerError("CANCELLED", "The search for an engine was cancelled.", { cause: error });
    return { source: candidate.source, endpoint: formatEngineAddress(candidate.address), ...explain(candidate, error) };
  }
}

function explain(candidate: EngineCandidate, error: unknown): { reason: string; remedy: string | undefined } {
  switch (readCode(error)) {
    case "ENOENT":
      return { reason: "no such file", remedy: undefined };
    case "EACCES":
    case "EPERM":
      return {
        reason: "permission denied",
        remedy:
          'sudo usermod -aG docker "$USER" && newgrp docker   # that group is as powerful as root; rootless Docker needs none',
      };
    case "ECONNREFUSED":
      return { reason: "connection refused: no engine is listening", remedy: chooseStartCommand(candidate) };
    default:
      return { reason: readMessage(error), remedy: undefined };
  }
}

function chooseStartCommand({ source, address }: EngineCandidate): string | undefined {
  if (address.kind === "tcp") return undefined;
  const commands: Record<string, string> = {
    "rootless Docker": "systemctl --user start docker",
    "rootless Podman": "systemctl --user start podman.socket",
    Podman: "sudo systemctl start podman.socket",
    "Docker Desktop": "docker desktop start",
    Colima: "colima start",
  };
  return commands[source] ?? "sudo systemctl start docker";
}

function buildUnavailable(refused: readonly RefusedCandidate[]): WorkerError {
  const tried = refused.map(({ source, endpoint, reason }) => `  ${source} ${endpoint}: ${reason}`);
  const remedies = [...new Set(refused.flatMap(({ remedy }) => remedy ?? []))];
  const hint = remedies.length > 0 ? `Run: ${remedies.join("\nor:  ")}` : adviseWithoutRemedy(refused);
  return new WorkerError("ENGINE_UNAVAILABLE", `No container engine answers. Tried:\n${tried.join("\n")}`, { hint });
}

function adviseWithoutRemedy(refused: readonly RefusedCandidate[]): string {
  const source = refused.length === 1 ? refused[0]?.source : undefined;
  if (source === "DOCKER_HOST") return "Start that engine, or unset DOCKER_HOST to look for a local one.";
  if (source?.startsWith("context ")) return "Start that engine, or run: docker context use default";
  return "Install an engine, for example on Debian or Ubuntu: sudo apt-get install docker.io. Or name one: DOCKER_HOST=unix:///path/to/docker.sock";
}

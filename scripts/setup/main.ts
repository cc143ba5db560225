import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { connectEngine } from "../../src/container/engine.ts";
import type { Engine } from "../../src/container/engine.ts";
import type { EngineSettings } from "../../src/container/engine-settings.ts";
import { getJson } from "../../src/container/get-json.ts";
import { WorkerError } from "../../src/core/worker-error.ts";
import { chooseBaseImage } from "./choose-base-image.ts";

const environment = process.env;
const signal = AbortSignal.timeout(30 * 60_000);

/** What the commands after set-up need in their environment; what the caller has set already stays as it is. */
async function prepareEngine(): Promise<Record<string, string>> {
  await using engine = await openOrStartEngine();
  const settings: Record<string, string> = {};
  const baseImage = environment["AGENT_WORKER_BASE_IMAGE"] ?? (await chooseBaseImage(engine.docker, signal));
  if (baseImage !== undefined) settings["AGENT_WORKER_BASE_IMAGE"] = baseImage;
  const caBundle = environment["AGENT_WORKER_CA_BUNDLE"] ?? findCaBundle();
  if (caBundle !== undefined) settings["AGENT_WORKER_CA_BUNDLE"] = caBundle;
  const buildNetwork = environment["AGENT_WORKER_BUILD_NETWORK"] ?? (await chooseBuildNetwork(engine));
  if (buildNetwork !== undefined) settings["AGENT_WORKER_BUILD_NETWORK"] = buildNetwork;
  return settings;
}

async function openOrStartEngine(): Promise<Engine> {
  try {
    return await openEngine();
  } catch (error) {
    // An engine that was named and does not answer is the caller's to mend: another one would not be what was meant.
    if (environment["DOCKER_HOST"] !== undefined || environment["DOCKER_CONTEXT"] !== undefined) throw error;
    if (process.platform !== "linux" || process.getuid?.() !== 0) throw error;
    execFileSync("bash", ["scripts/setup/start-engine.sh"], { stdio: ["ignore", 2, 2] });
    return openEngine();
  }
}

async function openEngine(): Promise<Engine> {
  const engine = await connectEngine(readEngineSettings(), signal);
  try {
    await getJson(engine.docker, "/version", AbortSignal.timeout(15_000));
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw new WorkerError("ENGINE_UNAVAILABLE", `The engine at ${engine.endpoint} does not answer.`, { cause: error });
  }
}

function readEngineSettings(): EngineSettings {
  return {
    host: environment["DOCKER_HOST"],
    context: environment["DOCKER_CONTEXT"],
    configDirectory: environment["DOCKER_CONFIG"] ?? join(homedir(), ".docker"),
    tlsVerify: (environment["DOCKER_TLS_VERIFY"] ?? "") !== "",
    certPath: environment["DOCKER_CERT_PATH"],
    runtimeDirectory: environment["XDG_RUNTIME_DIR"],
    home: homedir(),
  };
}

/** Where this machine's npm needs certificates of its own (a company's proxy), image builds need them too. */
function findCaBundle(): string | undefined {
  return [environment["NODE_EXTRA_CA_CERTS"], environment["npm_config_cafile"]].find(
    (file) => file !== undefined && existsSync(file),
  );
}

/** An engine that had to be started without a bridge (start-engine.sh) can build on the host's network only. */
async function chooseBuildNetwork({ docker }: Engine): Promise<string | undefined> {
  const networks = await docker.listNetworks({ filters: { driver: ["bridge"] } });
  return networks.length === 0 ? "host" : undefined;
}

function quote(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

try {
  for (const [name, value] of Object.entries(await prepareEngine())) {
    process.stdout.write(`export ${name}=${quote(value)}\n`);
  }
} catch (error) {
  // A script that failed has said why.
  if (error instanceof Error && !("status" in error)) {
    process.stderr.write(`set-up: ${error.message}\n`);
    if (error instanceof WorkerError && error.hint !== undefined) process.stderr.write(`${error.hint}\n`);
  }
  process.exitCode = 4;
}

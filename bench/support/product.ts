import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { connectEngine } from "../../src/container/engine.ts";
import type { Engine } from "../../src/container/engine.ts";
import { buildEngineSettings } from "../../src/container/engine-settings.ts";
import { buildImageRequest } from "../../src/container/image-request.ts";
import { ensureImage } from "../../src/container/ensure-image.ts";
import type { Image } from "../../src/container/image.ts";

export const root = new URL("../..", import.meta.url).pathname;
export const program = join(root, "bin/agent-worker.js");
/** What is costly to make and may be kept: the large repository. */
export const cacheDirectory = join(root, ".cache/bench");

const never = new AbortController().signal;

/** The configuration a run has here, as set-up has chosen it for this machine. */
export async function loadMachineConfig(): Promise<Config> {
  const { config } = await loadConfig({ flags: new Map(), environment: process.env, workingDirectory: tmpdir() });
  return config;
}

export async function openMachineEngine(): Promise<Engine> {
  return connectEngine(buildEngineSettings(await loadMachineConfig()), never);
}

/** The image that runs use, built where it is missing. */
export async function ensureProductImage(engine: Engine, log: (text: string) => void): Promise<Image> {
  const { container } = await loadMachineConfig();
  return ensureImage(engine, buildImageRequest(container, process.env), { signal: never, onProgress: log });
}

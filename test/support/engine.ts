import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { connectEngine } from "../../src/container/engine.ts";
import type { Engine } from "../../src/container/engine.ts";
import type { EngineSettings } from "../../src/container/engine-settings.ts";

/** The image tests build on; `npm test` sets it. */
export const baseImage = process.env["AGENT_WORKER_BASE_IMAGE"] ?? "agent-worker-base:bookworm-node24";

export const never = new AbortController().signal;

/** The caller's own engine, as `npm test` has set it up. */
export function readEngineSettings(): EngineSettings {
  const { DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, XDG_RUNTIME_DIR } = process.env;
  return {
    ...emptySettings,
    host: DOCKER_HOST,
    context: DOCKER_CONTEXT,
    configDirectory: DOCKER_CONFIG ?? join(homedir(), ".docker"),
    runtimeDirectory: XDG_RUNTIME_DIR,
    home: homedir(),
  };
}

export const emptySettings: EngineSettings = {
  host: undefined,
  context: undefined,
  configDirectory: "/nonexistent/docker",
  tlsVerify: false,
  certPath: undefined,
  runtimeDirectory: undefined,
  home: "/nonexistent",
};

export function openEngine(): Promise<Engine> {
  return connectEngine(readEngineSettings(), never);
}

/** Waits for a container's end. */
export async function waitForExit(engine: Engine, id: string): Promise<{ exitCode: number; outOfMemory: boolean }> {
  const container = engine.docker.getContainer(id);
  await container.wait();
  const { State: state } = await container.inspect();
  return { exitCode: state.ExitCode, outOfMemory: state.OOMKilled };
}

export interface ScriptedEngine extends AsyncDisposable {
  readonly engine: Engine;
  /** `GET /path` of each request, in order. */
  readonly requests: readonly string[];
}

/** An engine behind a real unix socket that answers as `answer` does: for what a healthy one cannot be made to say. */
export async function openScriptedEngine(answer: RequestListener): Promise<ScriptedEngine> {
  const directory = await mkdtempDisposable(join(tmpdir(), "agent-worker-engine-"));
  const requests: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  const path = join(directory.path, "engine.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const engine = await connectEngine({ ...emptySettings, host: `unix://${path}` }, never);
  return {
    engine,
    requests,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await directory.remove();
    },
  };
}

import type Docker from "dockerode";
import { WorkerError } from "../core/worker-error.ts";
import { buildContainerOptions } from "./container-profile.ts";
import type { ContainerSpec } from "./container-profile.ts";
import { demuxOutput } from "./demux-output.ts";
import type { OutputChunk } from "./demux-output.ts";
import type { Engine } from "./engine.ts";
import { readStatusCode, toEngineError } from "./engine-error.ts";

/** A container, not started yet. Disposing kills it if need be and removes it with its volume. */
export interface Container extends AsyncDisposable {
  readonly id: string;
  /** What it writes, in order per stream; ends when it is gone. To be read once. */
  readonly output: AsyncIterable<OutputChunk>;
  start(): Promise<void>;
  /** Ends it at once, whatever runs in it; it can be restarted. */
  kill(): Promise<void>;
  /** Starts it once more with the same volume, for work that could not be brought out; gives its new output. */
  restart(): Promise<AsyncIterable<OutputChunk>>;
}

/** Creates a container of the default profile and attaches to it; what fails leaves nothing behind. */
export async function createContainer(engine: Engine, spec: ContainerSpec, signal: AbortSignal): Promise<Container> {
  const { docker } = engine;
  // Not aborted half way: the engine would go on, and leave a container whose id nobody knows.
  const created = await docker.createContainer(buildContainerOptions(spec)).catch((error: unknown) => {
    throw toStartError(error);
  });
  try {
    signal.throwIfAborted();
    // Before it starts, so that not one byte of output is missed.
    const output = await attach(created);
    let removal: Promise<void> | undefined;
    return {
      id: created.id,
      output,
      start: () => start(created, signal),
      kill: () => killContainer(created),
      restart: () => restart(created),
      [Symbol.asyncDispose]: () => (removal ??= removeContainer(created)),
    };
  } catch (error) {
    await removeContainer(created);
    signal.throwIfAborted();
    throw toStartError(error);
  }
}

async function attach(container: Docker.Container): Promise<AsyncIterable<OutputChunk>> {
  return demuxOutput(readBytes(await container.attach({ stream: true, stdout: true, stderr: true })));
}

async function start(container: Docker.Container, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await container.start();
  } catch (error) {
    signal.throwIfAborted();
    throw toStartError(error);
  }
}

/** Its control channel breaks before the engine has noticed its end, and a container that still runs is not started. */
async function restart(container: Docker.Container): Promise<AsyncIterable<OutputChunk>> {
  await container.wait();
  const output = await attach(container);
  await container.start();
  return output;
}

async function* readBytes(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  } catch {
    // The engine went away: the output ends here, and the control channel tells what is missing.
  }
}

async function killContainer(container: Docker.Container): Promise<void> {
  await container.kill().catch((error: unknown) => {
    const status = readStatusCode(error);
    // 404: gone already; 409: it has just ended.
    if (status !== 404 && status !== 409) throw toEngineError(error);
  });
}

async function removeContainer(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const status = readStatusCode(error);
    // 404: gone already; 409: somebody else is removing it.
    if (status !== 404 && status !== 409) throw toEngineError(error);
  }
}

/** Removes every container, running or not, that carries all of `labels` (name=value). Returns how many there were. */
export async function removeLabelledContainers(engine: Engine, labels: readonly string[]): Promise<number> {
  const found = await engine.docker.listContainers({ all: true, filters: { label: [...labels] } });
  await Promise.all(found.map(({ Id }) => removeContainer(engine.docker.getContainer(Id))));
  return found.length;
}

function toStartError(error: unknown): WorkerError {
  const engineError = toEngineError(error);
  if (engineError.code !== "ENGINE_FAILED") return engineError;
  const status = readStatusCode(error);
  if (status === 404) {
    return new WorkerError("IMAGE_NOT_FOUND", engineError.message, {
      hint: "The image was removed meanwhile: run the same command again.",
      cause: error,
    });
  }
  return new WorkerError("CONTAINER_START", `The container could not be started: ${engineError.message}`, {
    cause: error,
  });
}

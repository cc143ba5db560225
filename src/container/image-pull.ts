import { WorkerError } from "../core/worker-error.ts";
import { readStatusCode, toEngineError } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import type { ImageProgress } from "./image-build.ts";
import { describePull, readFailure, readImageEvents } from "./image-events.ts";

/** Pulls an image; @throws WorkerError IMAGE_NOT_FOUND where no registry hands it out. */
export async function pullImage(engine: Engine, reference: string, progress: ImageProgress): Promise<void> {
  for await (const event of startPull(engine, reference, progress.signal)) {
    const message = readFailure(event);
    if (message !== undefined) throw buildNotFound(reference, message);
    const text = describePull(event);
    if (text !== undefined) progress.onProgress(text);
  }
}

/** Image ids live in one engine only: there is nothing to pull. */
export function isPullable(reference: string): boolean {
  return !/^(sha256:)?[0-9a-f]{12,64}$/.test(reference);
}

export function buildNotFound(reference: string, why: string, cause?: unknown): WorkerError {
  return new WorkerError("IMAGE_NOT_FOUND", `There is no image ${reference}: ${why}`, {
    hint: `Look with \`docker image ls\`, log in with \`docker login\` and fetch it yourself with \`docker pull ${reference}\`, or leave --image out: then one is built.`,
    cause,
  });
}

async function* startPull(engine: Engine, reference: string, abortSignal: AbortSignal) {
  try {
    const answer = await engine.docker.createImage({ fromImage: withTag(reference), abortSignal });
    yield* readImageEvents(answer);
  } catch (error) {
    if (abortSignal.aborted) throw new WorkerError("CANCELLED", "The image pull was cancelled.", { cause: error });
    const engineError = toEngineError(error, `pull ${reference}`);
    // The engine is well; it is the registry that did not hand the image out, or could not be reached.
    if (engineError.code !== "ENGINE_FAILED" || readStatusCode(error) === undefined) throw engineError;
    throw buildNotFound(reference, toEngineError(error).message, error);
  }
}

/** Without a tag the engine would pull all tags of the repository. */
function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return /[:@]/.test(name) ? reference : `${reference}:latest`;
}

import { Readable } from "node:stream";
import { WorkerError } from "../core/worker-error.ts";
import { buildContext } from "./build-context.ts";
import { toBuildError } from "./build-failure.ts";
import { collectBuildOutput } from "./build-output.ts";
import { readStatusCode, toEngineError } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import { readFailure, readImageEvents } from "./image-events.ts";
import { imageLabel } from "./image-tag.ts";
import type { ImageInputs, ImageTag } from "./image-tag.ts";

export interface ImageProgress {
  readonly signal: AbortSignal;
  /** One line for people. */
  readonly onProgress: (text: string) => void;
}

export interface BuildPlan {
  readonly inputs: ImageInputs;
  readonly tag: ImageTag;
  /** Network mode; undefined: the engine's default. */
  readonly network: string | undefined;
  /** HTTP_PROXY and the like: Docker's predefined build arguments, which leave no trace in the image. */
  readonly proxies: Readonly<Record<string, string>>;
  readonly noCache: boolean;
}

/**
 * Builds and tags the image; gives its id. Two builds of the same tag at once are fine: both end with the same content.
 * Aborting ends the build inside the engine too.
 * @throws WorkerError IMAGE_BUILD, DISK_FULL, ENGINE_UNAVAILABLE, CANCELLED
 */
export async function buildImage(engine: Engine, plan: BuildPlan, progress: ImageProgress): Promise<string> {
  const { baseImage } = plan.inputs;
  const collected = collectBuildOutput();
  let id: string | undefined;
  for await (const event of startBuild(engine, plan, progress.signal)) {
    const text = collected.add(event);
    if (text !== undefined) progress.onProgress(text);
    const message = readFailure(event);
    if (message !== undefined) throw toBuildError({ message, output: collected.output, baseImage });
    id = event.aux?.ID ?? id;
  }
  if (id === undefined) {
    throw new WorkerError("IMAGE_BUILD", "The engine ended the image build without an image.", {
      hint: "Run the same command again; if it stays, look at the engine's log: journalctl -u docker --since -10min",
    });
  }
  return id;
}

async function* startBuild(engine: Engine, plan: BuildPlan, signal: AbortSignal) {
  try {
    const answer = await engine.docker.buildImage(Readable.from([toContext(plan.inputs)]), {
      // The classic builder: BuildKit needs a session that dockerode opens with gRPC (docs/adr/0002-bundle.md).
      version: "1",
      t: plan.tag.reference,
      buildargs: { ...plan.proxies, BASE_IMAGE: plan.inputs.baseImage },
      labels: { [imageLabel]: plan.tag.hash },
      ...(plan.network === undefined ? {} : { networkmode: plan.network }),
      nocache: plan.noCache,
      rm: true,
      forcerm: true,
      abortSignal: signal,
    });
    yield* readImageEvents(answer);
  } catch (error) {
    if (signal.aborted) throw new WorkerError("CANCELLED", "The image build was cancelled.", { cause: error });
    // A Dockerfile that cannot be parsed, or a build option the engine does not know.
    const isRefused = readStatusCode(error) === 400;
    const engineError = toEngineError(error, "build the image");
    if (!isRefused) throw engineError;
    throw new WorkerError("IMAGE_BUILD", engineError.message, { hint: "Look at docker/Dockerfile.", cause: error });
  }
}

/** The context always has the bundle: COPY has no way to say "if it is there". */
function toContext({ dockerfile, caBundle }: ImageInputs): Buffer {
  return buildContext([
    { name: "Dockerfile", data: dockerfile },
    { name: "ca-bundle.pem", data: caBundle },
  ]);
}

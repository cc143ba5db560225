import type { Engine } from "./engine.ts";
import { findImage, readImageInputs } from "./image.ts";
import type { Image, ImageRequest } from "./image.ts";
import { buildImage } from "./image-build.ts";
import type { ImageProgress } from "./image-build.ts";
import { buildNotFound, isPullable, pullImage } from "./image-pull.ts";
import { buildImageTag } from "./image-tag.ts";

/**
 * The image to run agents in. Where it is there, this costs one call of the engine.
 * @throws WorkerError IMAGE_NOT_FOUND, IMAGE_BUILD, DISK_FULL, ENGINE_UNAVAILABLE, ENGINE_FAILED, CANCELLED
 */
export async function ensureImage(engine: Engine, request: ImageRequest, progress: ImageProgress): Promise<Image> {
  if (request.reference !== undefined) return ensureNamed(engine, request.reference, progress);
  const inputs = readImageInputs(request);
  const tag = buildImageTag(inputs);
  const existing = request.rebuild === true ? undefined : await findImage(engine, tag.reference, progress.signal);
  if (existing !== undefined) return existing;
  const id = await buildImage(
    engine,
    { inputs, tag, network: request.buildNetwork, proxies: request.proxies ?? {}, noCache: request.rebuild === true },
    progress,
  );
  const image = await findImage(engine, id, progress.signal);
  if (image === undefined) throw buildNotFound(tag.reference, "it was removed right after it was built.");
  return { ...image, reference: tag.reference, built: true };
}

async function ensureNamed(engine: Engine, reference: string, progress: ImageProgress): Promise<Image> {
  const existing = await findImage(engine, reference, progress.signal);
  if (existing !== undefined) return existing;
  if (!isPullable(reference)) throw buildNotFound(reference, "the engine does not know this id.");
  progress.onProgress(`Pulling ${reference}`);
  await pullImage(engine, reference, progress);
  const pulled = await findImage(engine, reference, progress.signal);
  if (pulled === undefined) throw buildNotFound(reference, "the pull brought another image.");
  return pulled;
}

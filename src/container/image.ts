import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";
import { findCaBundleProblem } from "../util/ca-bundle.ts";
import { callEngine, readStatusCode, toEngineError } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import { getJson } from "./get-json.ts";
import { buildImage } from "./image-build.ts";
import type { ImageProgress } from "./image-build.ts";
import { buildNotFound, isPullable, pullImage } from "./image-pull.ts";
import { buildImageTag, claudeCodeLabel } from "./image-tag.ts";
import type { ImageInputs, ImageTag } from "./image-tag.ts";

export interface ImageRequest {
  /** A ready image to use as it is; undefined: ours, built when it is missing. */
  readonly reference?: string | undefined;
  readonly baseImage: string;
  /** Network mode of the build; undefined: the engine's default. */
  readonly buildNetwork?: string | undefined;
  /** File with certificates (PEM) that the build and the image trust too. */
  readonly caBundle?: string | undefined;
  /** Holds the Dockerfile. */
  readonly dockerDirectory: string;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY for the build; may hold a password. Not kept in the image. */
  readonly proxies?: Readonly<Record<string, string>> | undefined;
  /** Build even if it is there, without the engine's cache. */
  readonly rebuild?: boolean | undefined;
}

export interface Image {
  /** `sha256:...`: what containers are created from, since a tag may move. */
  readonly id: string;
  readonly reference: string;
  /** Whether this call built it. */
  readonly built: boolean;
  /** What the image says it holds; null where it says nothing. */
  readonly claudeCodeVersion: string | null;
  readonly createdAt: string;
}

/**
 * The image to run agents in. Where it is there, this costs one call of the engine.
 * @throws WorkerError IMAGE_NOT_FOUND, IMAGE_BUILD, DISK_FULL, ENGINE_UNAVAILABLE, ENGINE_FAILED, CANCELLED
 */
export async function ensureImage(engine: Engine, request: ImageRequest, progress: ImageProgress): Promise<Image> {
  if (request.reference !== undefined) return ensureNamed(engine, request.reference, progress);
  const inputs = await readImageInputs(request);
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

/** The tag our image has for `request`, whether it is there or not. */
export async function readImageTag(request: ImageRequest): Promise<ImageTag> {
  return buildImageTag(await readImageInputs(request));
}

/** The image for `request` where the engine has it and nothing has to be built; undefined else. */
export async function lookUpImage(
  engine: Engine,
  request: ImageRequest,
  signal: AbortSignal,
): Promise<Image | undefined> {
  if (request.rebuild === true) return undefined;
  return findImage(engine, request.reference ?? (await readImageTag(request)).reference, signal);
}

/** Looks an image up by reference or id; undefined where the engine has none. */
export async function findImage(engine: Engine, reference: string, signal: AbortSignal): Promise<Image | undefined> {
  if (!/^[a-zA-Z0-9][\w.:/@-]*$/.test(reference) || reference.includes("..")) return undefined;
  const path = `/images/${reference}/json`;
  const answer = await callEngine("look up the image", { signal }, (abortSignal) =>
    getJson(engine.docker, path, abortSignal).catch((error: unknown) => {
      if (readStatusCode(error) === 404) return undefined;
      throw error;
    }),
  );
  if (answer === undefined) return undefined;
  const found = imageSchema.safeParse(answer);
  if (!found.success) throw toEngineError(found.error, "look up the image");
  const { Id: id, Created: createdAt, Config } = found.data;
  return { id, reference, built: false, claudeCodeVersion: Config?.Labels?.[claudeCodeLabel] ?? null, createdAt };
}

const imageSchema = z.object({
  Id: z.string(),
  Created: z.string().default(""),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

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

async function readImageInputs({ baseImage, caBundle, dockerDirectory }: ImageRequest): Promise<ImageInputs> {
  const [dockerfile, certificates] = await Promise.all([
    readFile(join(dockerDirectory, "Dockerfile")).catch((error: unknown) => {
      throw new WorkerError("IMAGE_BUILD", `There is no Dockerfile in ${dockerDirectory}.`, {
        hint: "Install agent-worker again: its package contains docker/Dockerfile.",
        cause: error,
      });
    }),
    caBundle === undefined ? Buffer.alloc(0) : readCaBundle(caBundle),
  ]);
  return { dockerfile, baseImage, caBundle: certificates, platform: `linux/${process.arch}` };
}

async function readCaBundle(file: string): Promise<Buffer> {
  const hint = "--ca-bundle (AGENT_WORKER_CA_BUNDLE) names a file with certificates in PEM format.";
  const data = await readFile(file).catch((error: unknown) => {
    throw new WorkerError("CONFIG_INVALID", `The certificates cannot be read: ${file}`, { hint, cause: error });
  });
  const problem = findCaBundleProblem(data);
  if (problem !== undefined) throw new WorkerError("CONFIG_INVALID", `${file} ${problem}.`, { hint });
  return data;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WorkerError } from "../core/worker-error.ts";
import { findCaBundleProblem } from "../util/ca-bundle.ts";
import { readField } from "../util/read-field.ts";
import { callEngine, readStatusCode } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import { getJson } from "./get-json.ts";
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

/** The tag our image has for `request`, whether it is there or not. */
export function readImageTag(request: ImageRequest): ImageTag {
  return buildImageTag(readImageInputs(request));
}

/** The image for `request` where the engine has it and nothing has to be built; undefined else. */
export async function lookUpImage(
  engine: Engine,
  request: ImageRequest,
  signal: AbortSignal,
): Promise<Image | undefined> {
  if (request.rebuild === true) return undefined;
  return findImage(engine, request.reference ?? readImageTag(request).reference, signal);
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
  const { id, labels, createdAt } = readAnswer(answer);
  return { id, reference, built: false, claudeCodeVersion: labels[claudeCodeLabel] ?? null, createdAt };
}

interface ImageAnswer {
  readonly id: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of `{"Id": "sha256:...", "Created": "...", "Config": {"Labels": {...}}}`, where all but the id may be missing. */
function readAnswer(answer: unknown): ImageAnswer {
  const [id, createdAt = "", config] = ["Id", "Created", "Config"].map((name) => readField(answer, name));
  const labels = readField(config, "Labels") ?? {};
  if (typeof id === "string" && typeof createdAt === "string" && isObject(config ?? {}) && areTexts(labels)) {
    return { id, createdAt, labels };
  }
  throw new WorkerError("ENGINE_FAILED", "The engine could not look up the image: what it answers describes none.", {
    hint: "Look at DOCKER_HOST: is that a container engine?",
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function areTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

/** What our image is made of. */
export function readImageInputs({ baseImage, caBundle, dockerDirectory }: ImageRequest): ImageInputs {
  const dockerfile = readOr(join(dockerDirectory, "Dockerfile"), (cause) => {
    return new WorkerError("IMAGE_BUILD", `There is no Dockerfile in ${dockerDirectory}.`, {
      hint: "Install agent-worker again: its package contains docker/Dockerfile.",
      cause,
    });
  });
  const certificates = caBundle === undefined ? Buffer.alloc(0) : readCaBundle(caBundle);
  return { dockerfile, baseImage, caBundle: certificates, platform: `linux/${process.arch}` };
}

function readOr(file: string, toError: (cause: unknown) => WorkerError): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw toError(error);
  }
}

function readCaBundle(file: string): Buffer {
  const hint = "--ca-bundle (AGENT_WORKER_CA_BUNDLE) names a file with certificates in PEM format.";
  const data = readOr(
    file,
    (cause) => new WorkerError("CONFIG_INVALID", `The certificates cannot be read: ${file}`, { hint, cause }),
  );
  const problem = findCaBundleProblem(data);
  if (problem !== undefined) throw new WorkerError("CONFIG_INVALID", `${file} ${problem}.`, { hint });
  return data;
}

import type Dockerode from "dockerode";
import { z } from "zod";
import { callEngine, readStatusCode } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import { getJson } from "./get-json.ts";
import { claudeCodeLabel, imageLabel, imageRepository } from "./image-tag.ts";

/** An image that we built. */
export interface OwnImage {
  readonly id: string;
  /** `agent-worker:<hash>`; null for one whose tag a later build took over. */
  readonly reference: string | null;
  readonly createdAt: Date;
  readonly sizeBytes: number;
  readonly claudeCodeVersion: string | null;
  /** A container, running or not, is made from it. */
  readonly inUse: boolean;
}

const removalTimeoutMs = 5 * 60_000;

const historySchema = z.array(z.object({ CreatedBy: z.string().default("") }));

/** The images we built, newest first. Images that others built from ours inherit our label; they are not listed. */
export async function listOwnImages(engine: Engine, signal: AbortSignal): Promise<readonly OwnImage[]> {
  const [images, containers] = await callEngine("list images", { signal }, (abortSignal) =>
    Promise.all([
      engine.docker.listImages({ filters: { label: [imageLabel] }, abortSignal }),
      engine.docker.listContainers({ all: true, abortSignal }),
    ]),
  );
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const found = await Promise.all(
    images.map(async (image) => ({ image, reference: await readOwnReference(engine, image, signal) })),
  );
  return found
    .flatMap(({ image, reference }) => (reference === undefined ? [] : [toOwnImage(image, reference, used)]))
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

/** Removes one image; false where it is in use meanwhile, gone already or has other names. */
export async function removeOwnImage(engine: Engine, image: OwnImage, signal: AbortSignal): Promise<boolean> {
  return callEngine("remove an image", { signal, timeoutMs: removalTimeoutMs }, async (abortSignal) => {
    try {
      // By its tag where it has one: an image that the user gave a name of their own stays, under that name.
      await engine.docker.getImage(image.reference ?? image.id).remove({ abortSignal });
      return true;
    } catch (error) {
      const status = readStatusCode(error);
      if (status === 404 || status === 409) return false;
      throw error;
    }
  });
}

/** Our reference; null for an untagged image of ours; undefined for one that is not ours. */
async function readOwnReference(
  engine: Engine,
  { Id, RepoTags, Labels }: Dockerode.ImageInfo,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const tags = (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
  const expected = `${imageRepository}:${Labels[imageLabel]?.slice(0, 16)}`;
  if (tags.length > 0) return tags.find((tag) => tag === expected || tag.endsWith(`/${expected}`));
  // The label may be inherited; the last step of a build of ours sets it.
  const answer = await callEngine("read an image's history", { signal }, (abortSignal) =>
    getJson(engine.docker, `/images/${Id}/history`, abortSignal),
  ).catch(() => []);
  const history = historySchema.safeParse(answer).data ?? [];
  return history[0]?.CreatedBy.includes(`LABEL ${imageLabel}=`) === true ? null : undefined;
}

function toOwnImage(image: Dockerode.ImageInfo, reference: string | null, used: ReadonlySet<string>): OwnImage {
  return {
    id: image.Id,
    reference,
    createdAt: new Date(image.Created * 1000),
    sizeBytes: image.Size,
    claudeCodeVersion: image.Labels[claudeCodeLabel] ?? null,
    inUse: used.has(image.Id),
  };
}

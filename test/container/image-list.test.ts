import { afterAll, beforeAll, expect, it } from "vitest";
import { listOwnImages, removeOwnImage } from "../../src/container/image-list.ts";
import type { OwnImage } from "../../src/container/image-list.ts";
import { createUlid } from "../../src/util/ulid.ts";
import { never } from "../support/engine.ts";
import { openImageWorkshop } from "../support/images.ts";
import type { ImageWorkshop } from "../support/images.ts";

let workshop: ImageWorkshop;

beforeAll(async () => {
  workshop = await openImageWorkshop();
});

afterAll(() => workshop[Symbol.asyncDispose]());

const newRequest = () =>
  workshop.request("LABEL agent-worker.claude-code=1.2.3", "RUN head -c 9 /dev/urandom | od -x > /random");

async function list(id: string): Promise<OwnImage> {
  const listed = await find(id);
  if (listed === undefined) throw new Error("the image is not listed");
  return listed;
}

async function find(id: string): Promise<OwnImage | undefined> {
  return (await listOwnImages(workshop.engine, never)).find((image) => image.id === id);
}

it("lists what we built, with its age, size and version", async () => {
  const before = Date.now();
  const { image } = await workshop.ensure(newRequest());
  const listed = await find(image.id);
  expect(listed).toMatchObject({ reference: image.reference, claudeCodeVersion: "1.2.3", inUse: false });
  expect(listed?.sizeBytes).toBeGreaterThan(1e6);
  expect(Math.abs((listed?.createdAt.getTime() ?? 0) - before)).toBeLessThan(120_000);
});

it("lists an image that a rebuild took the tag of, and removes it", async () => {
  const wanted = newRequest();
  const { image: old } = await workshop.ensure(wanted);
  const { image: current } = await workshop.ensure({ ...wanted, rebuild: true });
  const listed = await list(old.id);
  expect(listed.reference).toBeNull();
  expect(await removeOwnImage(workshop.engine, listed, never)).toBe(true);
  expect(await find(old.id)).toBeUndefined();
  expect(await find(current.id)).toMatchObject({ reference: current.reference });
});

it("does not take images that others built from ours for ours, though they inherit the label", async () => {
  const { image: ours } = await workshop.ensure(newRequest());
  const container = await workshop.engine.docker.createContainer({ Image: ours.id, Cmd: ["true"] });
  const name = `someone-elses-${createUlid().toLowerCase()}`;
  const { Id: tagged } = await container.commit({ repo: name, tag: "1" });
  const { Id: untagged } = await container.commit({ comment: "untagged", changes: "ENV untagged=1" });
  await container.remove();
  const { Config } = await workshop.engine.docker.getImage(tagged).inspect();
  expect(Config.Labels).toHaveProperty("agent-worker.image");
  expect(await find(tagged)).toBeUndefined();
  expect(await find(untagged)).toBeUndefined();
  await workshop.engine.docker.getImage(`${name}:1`).remove();
  await workshop.engine.docker.getImage(untagged).remove();
});

it("knows an image that a container is made from, and does not remove it", async () => {
  const { image } = await workshop.ensure(newRequest());
  const container = await workshop.engine.docker.createContainer({ Image: image.id, Cmd: ["true"] });
  try {
    const listed = await list(image.id);
    expect(listed.inUse).toBe(true);
    expect(await removeOwnImage(workshop.engine, listed, never)).toBe(false);
  } finally {
    await container.remove();
  }
  expect(await find(image.id)).toMatchObject({ inUse: false });
});

it("takes an image that is gone already for not removed", async () => {
  const { image } = await workshop.ensure(newRequest());
  const listed = await list(image.id);
  expect(await removeOwnImage(workshop.engine, listed, never)).toBe(true);
  expect(await removeOwnImage(workshop.engine, listed, never)).toBe(false);
});

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureImage } from "../../src/container/ensure-image.ts";
import { findImage, readImageTag } from "../../src/container/image.ts";
import { never } from "../support/engine.ts";
import { openImageWorkshop } from "../support/images.ts";
import type { ImageWorkshop } from "../support/images.ts";

let workshop: ImageWorkshop;

beforeAll(async () => {
  workshop = await openImageWorkshop();
});

afterAll(() => workshop[Symbol.asyncDispose]());

describe("a failing build", () => {
  it("names the step and shows the end of what it printed", async () => {
    const wanted = workshop.request(
      'RUN : "count"; i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo "line-$i"; done; exit 7',
    );
    const failure = await workshop.ensure(wanted).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "IMAGE_BUILD", hint: expect.stringContaining("The output above tells why") });
    const message = String(failure);
    expect(message).toMatch(/failed at Step 5\/\d+ : RUN count: it ended with exit code 7\n/);
    expect(message).toContain("\n  line-50");
    expect(message).toContain("\n  line-31\n");
    expect(message).not.toContain("line-30\n");
  });

  it.each([
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "IMAGE_BUILD", /--ca-bundle/],
    ["npm error code EAI_AGAIN", "IMAGE_BUILD", /--build-network host/],
    ["Err:1 Temporary failure resolving 'deb.debian.org'", "IMAGE_BUILD", /--build-network host/],
    ["tar: write error: No space left on device", "DISK_FULL", /docker system df/],
  ])("gives a hint that fits %j", async (output, code, hint) => {
    const building = workshop.ensure(workshop.request(`RUN echo "${output}" >&2; exit 1`));
    await expect(building).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
  });

  it("does not let output reach a terminal as it is", async () => {
    const building = workshop.ensure(
      workshop.request(String.raw`RUN printf '\033]0;title\007\033[31mred\033[0m\n'; exit 1`),
    );
    const failure = await building.catch((error: unknown) => error);
    expect(String(failure)).toContain("red");
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(String(failure)).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it("names the base image that cannot be had", async () => {
    const missing = "127.0.0.1:9/no/such-image:1";
    await expect(workshop.ensure({ ...workshop.request(), baseImage: missing })).rejects.toMatchObject({
      code: "IMAGE_BUILD",
      message: expect.stringContaining("FROM"),
      hint: expect.stringMatching(`${missing}.*--base-image`),
    });
  });

  it("names a Dockerfile that cannot be read as one, and one that is missing", async () => {
    const wanted = workshop.request("NONSENSE here");
    await expect(workshop.ensure(wanted)).rejects.toMatchObject({ code: "IMAGE_BUILD", message: /NONSENSE/i });
    rmSync(join(wanted.dockerDirectory, "Dockerfile"));
    await expect(workshop.ensure(wanted)).rejects.toMatchObject({ code: "IMAGE_BUILD", message: /no Dockerfile/ });
  });

  it("leaves no image and no container behind", async () => {
    const wanted = workshop.request("RUN exit 1");
    await expect(workshop.ensure(wanted)).rejects.toMatchObject({ code: "IMAGE_BUILD" });
    const { reference } = readImageTag(wanted);
    expect(await findImage(workshop.engine, reference, never)).toBeUndefined();
    expect(await listBuildContainers(wanted.label)).toEqual([]);
  });

  it("ends in the engine too when it is cancelled", async () => {
    const wanted = workshop.request('RUN : "wait"; sleep 600');
    const controller = new AbortController();
    const building = ensureImage(workshop.engine, wanted, { signal: controller.signal, onProgress: () => undefined });
    building.catch(() => undefined);
    // Once the step's container is there: before, there would be nothing yet that could end.
    await expect.poll(() => listBuildContainers(wanted.label), { timeout: 30_000 }).toHaveLength(1);
    controller.abort("SIGINT");
    await expect(building).rejects.toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => listBuildContainers(wanted.label), { timeout: 30_000 }).toEqual([]);
  });
});

/** The classic builder's containers carry the labels of the steps before. */
async function listBuildContainers(label: string): Promise<readonly string[]> {
  const containers = await workshop.engine.docker.listContainers({ all: true, filters: { label: [label] } });
  return containers.map(({ Id }) => Id);
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureImage } from "../../src/container/ensure-image.ts";
import { findImage, readImageTag } from "../../src/container/image.ts";
import { never, openScriptedEngine } from "../support/engine.ts";
import { openImageWorkshop } from "../support/images.ts";
import type { ImageWorkshop } from "../support/images.ts";

let workshop: ImageWorkshop;

beforeAll(async () => {
  workshop = await openImageWorkshop();
});

afterAll(() => workshop[Symbol.asyncDispose]());

describe("our image", () => {
  it("is built once, with its steps shown, and found from then on", async () => {
    const wanted = workshop.request('RUN : "say hello"; echo hello', 'LABEL agent-worker.claude-code="1.2.3"');
    const first = await workshop.ensure(wanted);
    expect(first.image).toMatchObject({ built: true, claudeCodeVersion: "1.2.3" });
    expect(first.image.reference).toMatch(/^agent-worker:[0-9a-f]{16}$/);
    expect(first.progress).toContain("Step 5/7 : RUN say hello");
    const second = await workshop.ensure(wanted);
    expect(second.image).toEqual({ ...first.image, built: false });
    expect(second.progress).toEqual([]);
  });

  it("costs one request where it is there", async () => {
    await using scripted = await openScriptedEngine((_request, response) => {
      response.end(JSON.stringify({ Id: "sha256:1", Created: "2026-01-01T00:00:00Z", Config: { Labels: null } }));
    });
    const wanted = workshop.request();
    const { reference } = readImageTag(wanted);
    const image = await ensureImage(scripted.engine, wanted, { signal: never, onProgress: () => undefined });
    expect(image).toMatchObject({ id: "sha256:1", reference, built: false });
    expect(scripted.requests).toEqual([`GET /images/${reference}/json`]);
  });

  it("is another one when the Dockerfile has changed", async () => {
    const wanted = workshop.request("RUN echo one > /made");
    const before = await workshop.ensure(wanted);
    writeFileSync(
      join(wanted.dockerDirectory, "Dockerfile"),
      "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo two > /made\n",
    );
    const after = await workshop.ensure(wanted);
    expect(after.image.built).toBe(true);
    expect(after.image.reference).not.toBe(before.image.reference);
    expect(after.image.id).not.toBe(before.image.id);
  });

  it("is another one for another base image or other certificates, and the same through another network or proxy", async () => {
    const wanted = workshop.request();
    const caBundle = join(workshop.temporary(), "ca.pem");
    writeFileSync(caBundle, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const tag = readImageTag(wanted);
    const others = [readImageTag({ ...wanted, baseImage: "node:22" }), readImageTag({ ...wanted, caBundle })];
    expect(new Set([tag, ...others].map(({ reference }) => reference)).size).toBe(3);
    expect(readImageTag({ ...wanted, buildNetwork: "host", proxies: { HTTP_PROXY: "http://proxy" } })).toEqual(tag);
  });

  it("gets the certificates into the build, which has an empty file where there are none", async () => {
    const caBundle = join(workshop.temporary(), "ca.pem");
    writeFileSync(caBundle, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const { image } = await workshop.ensure({ ...workshop.request("RUN grep -q BEGIN /ca-bundle.pem"), caBundle });
    expect(image.built).toBe(true);
    const without = await workshop.ensure(workshop.request("RUN test -e /ca-bundle.pem && ! test -s /ca-bundle.pem"));
    expect(without.image.built).toBe(true);
  });

  it.each([
    ["-----BEGIN PRIVATE KEY-----\nAAAA\n", /private key/],
    ["not a certificate", /no certificate/],
    [undefined, /cannot be read/],
  ])("refuses certificates that are none: %j", async (content, message) => {
    const caBundle = join(workshop.temporary(), "ca.pem");
    if (content !== undefined) writeFileSync(caBundle, content);
    await expect(workshop.ensure({ ...workshop.request(), caBundle })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });

  it("can be built again from nothing", async () => {
    const wanted = workshop.request("RUN head -c 16 /dev/urandom | od -x > /random");
    const first = await workshop.ensure(wanted);
    const again = await workshop.ensure({ ...wanted, rebuild: true });
    expect(again.image).toMatchObject({ built: true, reference: first.image.reference });
    expect(again.image.id).not.toBe(first.image.id);
    await workshop.engine.docker.getImage(first.image.id).remove();
  });

  it("is built by two at once with one result", async () => {
    const wanted = workshop.request("RUN echo content > /made");
    const [one, two] = await Promise.all([workshop.ensure(wanted), workshop.ensure(wanted)]);
    expect(one.image.reference).toBe(two.image.reference);
    const tagged = await findImage(workshop.engine, one.image.reference, never);
    expect([one.image.id, two.image.id]).toContain(tagged?.id);
    const displaced = [one.image.id, two.image.id].filter((id) => id !== tagged?.id);
    await Promise.all(displaced.map((id) => workshop.engine.docker.getImage(id).remove()));
  });

  it("keeps nothing of a proxy's password", async () => {
    const proxy = "http://ann:pass-canary-word@127.0.0.1:9";
    const proxies = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy };
    const wanted = { ...workshop.request('RUN test "$HTTP_PROXY" = "$https_proxy" && test -n "$HTTP_PROXY"'), proxies };
    const { image, progress } = await workshop.ensure(wanted);
    const handle = workshop.engine.docker.getImage(image.id);
    const kept = JSON.stringify([await handle.history(), await handle.inspect(), progress]);
    expect(kept).not.toContain("pass-canary-word");
    expect(kept).toContain("unique=");
  });
});

describe("a named image", () => {
  it("is used as it is, by tag or id", async () => {
    const { image } = await workshop.ensure(workshop.request());
    for (const reference of [image.reference, image.id, image.id.slice("sha256:".length, 20)]) {
      expect((await workshop.ensure({ ...workshop.request(), reference })).image).toMatchObject({
        id: image.id,
        reference,
        built: false,
      });
    }
  });

  it.each(["127.0.0.1:9/no/such-image:1", "127.0.0.1:9/no/such-image", "0123456789ab", "../../containers", "a b?c"])(
    "that is nowhere is an error with what to do: %s",
    async (reference) => {
      await expect(workshop.ensure({ ...workshop.request(), reference })).rejects.toMatchObject({
        code: "IMAGE_NOT_FOUND",
        message: expect.stringContaining(reference),
        hint: expect.stringContaining("--image"),
      });
    },
  );

  it("is pulled with its tag only, and with progress", async () => {
    let pulled = false;
    await using scripted = await openScriptedEngine((incoming, response) => {
      if (incoming.method === "POST") {
        pulled = true;
        response.write('{"status":"Pulling from team/image","id":"latest"}\n{"status":"Downloading","id":"a1"}\n');
        response.end('{"status":"Pull complete","id":"a1"}\n');
        return;
      }
      response.writeHead(pulled ? 200 : 404);
      response.end(JSON.stringify(pulled ? { Id: "sha256:2" } : { message: "no such image" }));
    });
    const progress: string[] = [];
    const image = await ensureImage(
      scripted.engine,
      { ...workshop.request(), reference: "registry.example.org:5000/team/image" },
      { signal: never, onProgress: (text) => progress.push(text) },
    );
    expect(image).toMatchObject({ id: "sha256:2", built: false });
    expect(progress.slice(1)).toEqual(["latest: Pulling from team/image", "a1: Pull complete"]);
    const [, pull = ""] = scripted.requests;
    expect(decodeURIComponent(pull)).toBe("POST /images/create?fromImage=registry.example.org:5000/team/image:latest");
  });
});

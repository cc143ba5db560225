import { beforeAll, describe, expect, it } from "vitest";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { ensureImage } from "../../src/container/ensure-image.ts";
import type { Image } from "../../src/container/image.ts";
import { buildImageRequest } from "../../src/container/image-request.ts";
import { baseImage, never, openEngine } from "../support/engine.ts";

let image: Image;

beforeAll(async () => {
  await using engine = await openEngine();
  const { AGENT_WORKER_BUILD_NETWORK: buildNetwork, AGENT_WORKER_CA_BUNDLE: caBundle } = process.env;
  const request = buildImageRequest({ image: undefined, baseImage, buildNetwork, caBundle }, process.env);
  image = await ensureImage(engine, request, { signal: never, onProgress: () => undefined });
}, 600_000);

/** What a shell in the image prints, as any uid, without a network. */
async function runInImage(script: string, user: string): Promise<string> {
  await using engine = await openEngine();
  const output = new PassThrough();
  const printed = text(output);
  const [, container] = await engine.docker.run(image.id, ["sh", "-c", script], output, {
    Tty: true,
    User: user,
    HostConfig: { NetworkMode: "none" },
  });
  output.end();
  await container.remove({ v: true });
  return (await printed).replaceAll("\r", "").trim();
}

describe("the Dockerfile", () => {
  it("gives an image with the pinned Claude Code, git and ripgrep, for any user", async () => {
    const versions = await runInImage("claude --version && git --version && rg --version | head -1", "4242:4242");
    expect(versions).toMatch(/^2\.1\.329 \(Claude Code\)\ngit version \S+\nripgrep \S+/);
    expect(image.claudeCodeVersion).toBe("2.1.329");
  });

  it("lets any user write the workspace and the home, and nothing of the programs", async () => {
    const script = "touch /workspace/a /home/agent/a && echo written; touch /opt/agent-worker/a /usr/local/bin/a; pwd";
    const printed = await runInImage(script, "4242:4242");
    expect(printed).toMatch(/^written\n/);
    expect(printed.match(/Permission denied/g)).toHaveLength(2);
    expect(printed).toMatch(/\n\/workspace$/);
  });

  it("has a user of its own, uid 1000, and leaves no cache behind", async () => {
    const script = "id -un; id -u; echo $HOME; test -e /tmp/build-home || echo clean";
    expect(await runInImage(script, "")).toMatch(/^agent\n1000\n\/home\/agent\nclean$/);
  });

  it("trusts the company's certificates where there are any", async () => {
    const script = 'grep -c "BEGIN CERTIFICATE" /etc/ssl/certs/ca-certificates.crt';
    expect(Number(await runInImage(script, ""))).toBeGreaterThan(50);
  });
});

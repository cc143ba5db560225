import { homedir } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { imageBuildCommand } from "../../../src/cli/commands/image-build.ts";
import { imageListCommand } from "../../../src/cli/commands/image-list.ts";
import { imagePruneCommand } from "../../../src/cli/commands/image-prune.ts";
import { createCapturedContext } from "../../support/cli-context.ts";
import { baseImage } from "../../support/engine.ts";
import { openImageWorkshop } from "../../support/images.ts";
import type { ImageWorkshop } from "../../support/images.ts";

let workshop: ImageWorkshop;

beforeAll(async () => {
  workshop = await openImageWorkshop();
  // The product's own image, which the commands speak of as the current one.
  await imageBuildCommand({ flags: new Map(), cache: true }, createContext());
}, 600_000);

afterAll(() => workshop[Symbol.asyncDispose]());

function createContext() {
  const environment = { HOME: homedir(), AGENT_WORKER_BASE_IMAGE: baseImage, ...process.env };
  return createCapturedContext({ environment, workingDirectory: workshop.temporary() });
}

it("says that the image is up to date where it is", async () => {
  const context = createContext();
  expect(await imageBuildCommand({ flags: new Map(), cache: true }, context)).toBe(0);
  expect(context.written.stdout).toMatch(/^agent-worker:[0-9a-f]{16} up to date, Claude Code \d+\.\d+\.\d+\n$/);
  expect(context.written.stderr).toBe("");
});

it("lists images with age, size, version and which one is current", async () => {
  const { image } = await workshop.ensure(workshop.request());
  const context = createContext();
  expect(await imageListCommand({ flags: new Map() }, context)).toBe(0);
  const lines = context.written.stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^IMAGE +AGE +SIZE +CLAUDE CODE +STATE$/);
  expect(lines.filter((line) => /\bcurrent\b/.test(line))).toHaveLength(1);
  expect(lines.some((line) => line.startsWith(image.reference) && /\dMB +-$/.test(line))).toBe(true);
});

// What prune really removes is held by test/container/image-list.test.ts: here it would remove images of this machine's user.
it("says which images it would remove, never the current one or one in use", async () => {
  const [old, used] = await Promise.all([
    workshop.ensure(workshop.request()),
    workshop.ensure(workshop.request("LABEL used=1")),
  ]);
  const container = await workshop.engine.docker.createContainer({ Image: used.image.id, Cmd: ["true"] });
  try {
    const context = createContext();
    expect(await imagePruneCommand({ flags: new Map([["--dry-run", []]]) }, context)).toBe(0);
    expect(context.written.stdout).toContain(`would remove ${old.image.reference} (`);
    expect(context.written.stdout).not.toContain(used.image.reference);
    const listed = createContext();
    await imageListCommand({ flags: new Map() }, listed);
    const current = /^(\S+) .*\bcurrent\b/m.exec(listed.written.stdout)?.[1] ?? "none";
    expect(context.written.stdout).not.toContain(current);
    expect(listed.written.stdout).toContain(old.image.reference);
  } finally {
    await container.remove();
  }
});

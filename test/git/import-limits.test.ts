import { describe, expect, test } from "vitest";
import { openRepository } from "../../src/git/repository.ts";
import { runGit } from "../../src/git/run-git.ts";
import {
  nestTrees,
  packCommits,
  packDelta,
  packObjects,
  packZeros,
  streamBytes,
  writeBlob,
  writeLoose,
} from "../support/agent-pack.ts";
import { makeImportWorld } from "../support/import-world.ts";
import { gitSettings, makeRepository } from "../support/repository.ts";

const tooLarge = { code: "IMPORT_TOO_LARGE", isUnchanged: true };

describe("importPack refuses as too large, and leaves the repository as it was", () => {
  test("a file that is too large, however small its pack", async () => {
    using world = makeImportWorld();
    const head = world.agent.commit({ "b.txt": "b" });
    const zeros = packZeros(200_000_000);
    expect(zeros.length).toBeLessThan(300_000);
    expect(await world.refuse(streamBytes(zeros), head)).toMatchObject(tooLarge);
    const limits = { packBytes: 10_000, unpackedBytes: 1_000_000_000 };
    const message = expect.stringContaining("10000 bytes packed");
    expect(await world.refuse(streamBytes(zeros), head, { limits })).toMatchObject({ ...tooLarge, message });
  });

  test("a delta that stands for a gigabyte, before it takes the memory", async () => {
    using world = makeImportWorld();
    const head = world.agent.commit({ "b.txt": "b" });
    const limits = { packBytes: 50_000_000, unpackedBytes: 8 * 1024 ** 3 };
    const message = expect.stringContaining(`${1024 ** 3} bytes`);
    const request = [streamBytes(packDelta(1_200_000_000)), head, { limits }] as const;
    expect(await world.refuse(...request)).toMatchObject({ ...tooLarge, message });
  });

  test("more objects than a run may bring in, by the pack's own word", async () => {
    using world = makeImportWorld();
    const header = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
    header.writeUInt32BE(4_000_000_000, 8);
    const message = expect.stringContaining("4000000000 objects");
    for (const chunkBytes of [1, 1_000]) {
      const pack = streamBytes(Buffer.concat([header, Buffer.alloc(3_000)]), chunkBytes);
      expect(await world.refuse(pack, world.base)).toMatchObject({ ...tooLarge, message });
    }
  });

  test("a few trees that stand for billions of files, or of empty folders", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const file = writeBlob(agent.path, "x");
    for (const leaf of [[{ mode: "100644", name: "file", id: file }], []]) {
      const trees = nestTrees(agent.path, { leaf, levels: 10, width: 10 });
      const head = agent.git("commit-tree", "-p", base, "-m", "bomb", trees.at(-1) ?? "");
      const pack = packObjects(agent.path, [head, file, ...trees]);
      expect(pack.length).toBeLessThan(1_500);
      const message = expect.stringContaining("1000000 files and folders");
      expect(await world.refuse(streamBytes(pack), head)).toMatchObject({ ...tooLarge, message });
    }
  });

  test("paths that are too deep or too long", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const file = writeBlob(agent.path, "x");
    const leaf = [{ mode: "100644", name: "file", id: file }];
    for (const [levels, name, fault] of [
      [600, "n", "512 levels"],
      [20, "n".repeat(250), "4096 bytes"],
    ] as const) {
      const trees = nestTrees(agent.path, { leaf, levels, width: 1, name });
      const head = agent.git("commit-tree", "-p", base, "-m", "deep", trees.at(-1) ?? "");
      const pack = packObjects(agent.path, [head, file, ...trees]);
      const message = expect.stringContaining(fault);
      expect(await world.refuse(streamBytes(pack), head)).toMatchObject({ ...tooLarge, message });
    }
  });

  test("files that are too large together", async () => {
    using world = makeImportWorld();
    const files = [1, 2, 3].map((number) => [`zeros-${number}`, new Uint8Array(900_000).fill(number)] as const);
    const head = world.agent.commit(Object.fromEntries(files));
    const pack = packCommits(world.agent.path, head, world.base);
    const limits = { packBytes: 1_000_000, unpackedBytes: 2_000_000 };
    const message = expect.stringContaining("2000000 are allowed");
    expect(await world.refuse(streamBytes(pack), head, { limits })).toMatchObject({ ...tooLarge, message });
  });
});

describe("importPack takes", () => {
  test("work on a base that is itself beyond the limits", async () => {
    using world = makeImportWorld(makeRepository({ [`${"deep/".repeat(600)}file`]: "x" }));
    const head = world.agent.commit({ [`${"deep/".repeat(600)}other`]: "y" });
    await world.sendCommits(head);
    expect(world.source.git("rev-parse", "refs/agent-worker/RUN1")).toBe(head);
  });

  test("thousands of objects", async () => {
    using world = makeImportWorld();
    const files = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`many/${index}`, `${index}`]));
    const head = world.agent.commit(files);
    await world.sendCommits(head);
    expect(world.source.git("ls-tree", "-r", "--name-only", "refs/agent-worker/RUN1").split("\n")).toHaveLength(5_001);
  });
});

describe("git on the host", () => {
  test("takes no gigabyte of memory for an object that says it is of that size", async () => {
    using checkout = makeRepository();
    const { signal } = new AbortController();
    const repository = await openRepository(checkout.path, gitSettings, signal);
    const id = writeLoose(checkout.path, { type: "tree", content: Buffer.from("x"), sizeBytes: 1_200_000_000 });
    await expect(runGit(repository, ["cat-file", "tree", id], { signal })).rejects.toMatchObject({
      code: "GIT_FAILED",
      message: expect.stringContaining("attempting to allocate"),
    });
  });
});

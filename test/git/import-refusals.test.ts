import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WorkerError } from "../../src/core/worker-error.ts";
import { importPack } from "../../src/git/import-pack.ts";
import { openRepository } from "../../src/git/repository.ts";
import { packCommits, packObjects, streamBytes, writeBlob, writeTree } from "../support/agent-pack.ts";
import { makeImportWorld, testLimits } from "../support/import-world.ts";
import { listProcesses } from "../support/list-processes.ts";
import { gitSettings, makeDirectory, runTestGit } from "../support/repository.ts";

const refused = { code: "IMPORT_REFUSED", isUnchanged: true };
const tooLarge = { code: "IMPORT_TOO_LARGE", isUnchanged: true };

describe("importPack refuses, and leaves the repository as it was", () => {
  test("a pack that is corrupt, cut short, empty, or no pack", async () => {
    using world = makeImportWorld();
    const head = world.agent.commit({ "b.txt": "b".repeat(5_000) });
    const pack = packCommits(world.agent.path, head, world.base);
    const corrupt = Buffer.from(pack);
    corrupt[40] = (corrupt[40] ?? 0) ^ 255;
    for (const bytes of [corrupt, pack.subarray(0, -30), pack.subarray(0, 0), Buffer.alloc(100_000, "nonsense ")]) {
      expect(await world.refuse(streamBytes(bytes), head)).toMatchObject(refused);
    }
  });

  test("trees that would reach into .git or out of the tree, and harmful .gitmodules", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const id = writeBlob(agent.path, "x");
    const config = writeBlob(agent.path, '[submodule "../../x"]\n\tpath = a\n\turl = b\n');
    const option = writeBlob(agent.path, '[submodule "x"]\n\tpath = a\n\turl = --upload-pack=x\n');
    const file = { mode: "100644", id };
    const trees = [
      ["hasDotgit", [{ ...file, name: ".git" }]],
      ["hasDotgit", [{ ...file, name: ".GIT" }]],
      ["hasDotgit", [{ ...file, name: "git~1" }]],
      ["hasDotdot", [{ ...file, name: ".." }]],
      ["hasDot:", [{ ...file, name: "." }]],
      ["fullPathname", [{ ...file, name: "a/b" }]],
      ["gitmodulesSymlink", [{ mode: "120000", name: ".gitmodules", id }]],
      ["gitmodulesName", [{ mode: "100644", name: ".gitmodules", id: config }]],
      ["gitmodulesUrl", [{ mode: "100644", name: ".gitmodules", id: option }]],
      [
        "treeNotSorted",
        [
          { ...file, name: "b" },
          { ...file, name: "a" },
        ],
      ],
      [
        "duplicateEntries",
        [
          { ...file, name: "a" },
          { ...file, name: "a" },
        ],
      ],
    ] as const;
    for (const [fault, entries] of trees) {
      const tree = writeTree(agent.path, entries);
      const head = agent.git("commit-tree", "-p", base, "-m", "bad", tree);
      const pack = packObjects(agent.path, [head, tree, ...entries.map(({ id }) => id)]);
      const message = expect.stringContaining(fault);
      expect(await world.refuse(streamBytes(pack), head)).toMatchObject({ ...refused, message });
    }
  });

  test("a history that does not descend from the base", async () => {
    using world = makeImportWorld();
    const head = world.agent.git("commit-tree", "-m", "rewritten", "HEAD^{tree}");
    const pack = packObjects(world.agent.path, [head]);
    const message = expect.stringContaining("descend");
    expect(await world.refuse(streamBytes(pack), head)).toMatchObject({ ...refused, message });
  });

  test("a head that is missing, no commit, or no commit id", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const head = agent.commit({ "b.txt": "b" });
    const tree = agent.git("rev-parse", "HEAD^{tree}");
    const pack = packCommits(agent.path, head, base);
    const text = `object ${head}\ntype commit\ntag x\ntagger A <a@b> 1 +0000\n\nx\n`;
    const tag = runTestGit(agent.path, ["mktag"], text).toString("utf8").trim();
    const tagged = packObjects(agent.path, [tag, head, tree, agent.git("rev-parse", "HEAD:b.txt")]);
    for (const [bytes, name] of [
      [pack, "1".repeat(40)],
      [pack, tree],
      [pack, "--all"],
      [tagged, tag],
    ] as const) {
      expect(await world.refuse(streamBytes(bytes), name)).toMatchObject(refused);
    }
  });

  test("commits whose objects are missing", async () => {
    using world = makeImportWorld();
    const { agent } = world;
    const middle = agent.commit({ "b.txt": "b" });
    const head = agent.commit({ "c.txt": "c" });
    const tree = agent.git("rev-parse", "HEAD^{tree}");
    const blob = agent.git("rev-parse", "HEAD:c.txt");
    for (const ids of [[head], [head, tree], [head, tree, blob, middle], [head, tree, blob]]) {
      expect(await world.refuse(streamBytes(packObjects(agent.path, ids)), head)).toMatchObject(refused);
    }
  });

  test("commits that lean on leftovers in the repository which are incomplete themselves", async () => {
    using world = makeImportWorld();
    const { source, agent, base } = world;
    const entries = [{ mode: "100644", name: "gone", id: "1".repeat(40) }];
    const [tree] = [agent, source].map(({ path }) => writeTree(path, entries));
    const head = agent.git("commit-tree", "-p", base, "-m", "leftover", tree ?? "");
    const pack = packObjects(agent.path, [head]);
    const message = expect.stringContaining("incomplete");
    expect(await world.refuse(streamBytes(pack), head)).toMatchObject({ ...refused, message });
  });

  test("a stream that breaks off, with the error of the stream", async () => {
    using world = makeImportWorld();
    const head = world.agent.commit({ "b.txt": "b" });
    const pack = packCommits(world.agent.path, head, world.base);
    async function* breakOff() {
      yield pack.subarray(0, 20);
      throw new WorkerError("CONTAINER_LOST", "The container is gone.");
    }
    expect(await world.refuse(breakOff(), head)).toMatchObject({ code: "CONTAINER_LOST", isUnchanged: true });
  });

  test("a stream that stalls for longer than the limit", async () => {
    using world = makeImportWorld();
    const head = world.agent.commit({ "b.txt": "b" });
    const limits = { ...testLimits, timeoutMs: 50 };
    const message = expect.stringContaining("too long");
    expect(await world.refuse(stall(), head, { limits })).toMatchObject({ ...tooLarge, message });
  });

  test("to go on when its caller's time is up, as git's failure", async () => {
    using world = makeImportWorld();
    using scratch = makeDirectory();
    const head = world.agent.commit({ "b.txt": "b" });
    const repository = await openRepository(world.source.path, gitSettings, new AbortController().signal);
    const { base } = world;
    const directory = join(scratch.path, "late");
    const request = { pack: stall(), base, head, runId: "RUN1", directory, limits: testLimits };
    await expect(importPack(repository, request, AbortSignal.timeout(100))).rejects.toMatchObject({
      code: "GIT_FAILED",
      message: expect.stringContaining("in time"),
    });
  });

  test("to go on when it is aborted, and leaves no process", async () => {
    using world = makeImportWorld();
    using scratch = makeDirectory();
    const head = world.agent.commit({ "b.txt": "b" });
    const directory = join(scratch.path, "aborted");
    const places = [directory, join(world.source.path, ".git")];
    const abort = new AbortController();
    let working: readonly string[] = [];
    async function* hang() {
      yield Buffer.from("PACK");
      working = places.flatMap(listProcesses);
      abort.abort("SIGINT");
      await new Promise(() => {});
    }
    const repository = await openRepository(world.source.path, gitSettings, abort.signal);
    const request = { pack: hang(), base: world.base, head, runId: "RUN1", directory, limits: testLimits };
    await expect(importPack(repository, request, abort.signal)).rejects.toBe("SIGINT");
    // index-pack, cat-file and rev-list there, unpack-objects and update-ref here.
    expect(working).toHaveLength(5);
    expect(places.flatMap(listProcesses)).toEqual([]);
  });
});

async function* stall() {
  yield Buffer.from("PACK");
  await new Promise(() => {});
}

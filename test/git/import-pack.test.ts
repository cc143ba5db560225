import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeImportWorld } from "../support/import-world.ts";
import { attachRepository, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";

describe("importPack", () => {
  test("brings the agent's commits, each as it is, under one ref", async () => {
    using world = makeImportWorld();
    const { source, agent, base } = world;
    agent.commit({ "a.txt": `${"one\n".repeat(500)}two\n` }, "First");
    const head = agent.commit({ "b.txt": "b" }, "Second");
    const snapshot = snapshotCheckout(source.path);
    const refs = source.git("for-each-ref");
    await world.sendCommits(head);
    expect(snapshotCheckout(source.path)).toEqual(snapshot);
    expect(source.git("for-each-ref")).toBe(`${head} commit\trefs/agent-worker/RUN1\n${refs}`);
    expect(source.git("log", "--format=%s %an", `${base}..${head}`)).toBe("Second A Tester\nFirst A Tester");
    expect(source.git("fsck", "--strict", "--full")).toBe("");
    source.git("update-ref", "-d", "refs/agent-worker/RUN1");
    expect(source.git("for-each-ref")).toBe(refs);
    expect(snapshotCheckout(source.path)).toEqual(snapshot);
  });

  test("stores many objects as one pack and leaves no .keep file", async () => {
    using world = makeImportWorld();
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`many/${index}`, `${index}`]));
    const head = world.agent.commit(files);
    await world.sendCommits(head);
    const packs = readdirSync(join(world.source.path, ".git/objects/pack"));
    expect(packs.filter((name) => name.endsWith(".pack"))).toHaveLength(1);
    expect(packs.filter((name) => !/\.(pack|idx|rev)$/.test(name))).toEqual([]);
    expect(world.source.git("ls-tree", "-r", "--name-only", "refs/agent-worker/RUN1").split("\n")).toHaveLength(151);
  });

  test("works for shallow, bare, borrowed, linked and sha256 repositories", async () => {
    using checkout = makeRepository({ "a.txt": "one\n".repeat(500) });
    checkout.commit({ "b.txt": "b" });
    using scratch = makeDirectory();
    runTestGit(scratch.path, ["clone", "--quiet", "--depth=1", `file://${checkout.path}`, "shallow"]);
    runTestGit(scratch.path, ["clone", "--quiet", "--bare", checkout.path, "bare"]);
    runTestGit(scratch.path, ["clone", "--quiet", "--shared", checkout.path, "borrowed"]);
    checkout.git("worktree", "add", "--quiet", join(scratch.path, "linked"));
    makeRepository({ file: "x" }, { path: join(scratch.path, "modern"), init: ["--object-format=sha256"] });
    for (const name of ["shallow", "bare", "borrowed", "linked", "modern"]) {
      using world = makeImportWorld(attachRepository(join(scratch.path, name)));
      const before = snapshotCheckout(world.source.path);
      const head = world.agent.commit({ "a.txt": `${"one\n".repeat(500)}${name}` });
      const runId = `RUN${name}`;
      await world.sendCommits(head);
      expect({ runId, head: world.source.git("rev-parse", "refs/agent-worker/RUN1") }).toEqual({ runId, head });
      expect(world.source.git("fsck", "--strict")).not.toContain("missing");
      expect(snapshotCheckout(world.source.path)).toEqual(before);
      world.source.git("update-ref", "-d", "refs/agent-worker/RUN1");
    }
  });

  test("takes five at once", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const heads = [1, 2, 3, 4, 5].map((number) => {
      agent.git("switch", "--quiet", "--detach", base);
      return agent.commit({ [`file-${number}`]: "x".repeat(number) });
    });
    await Promise.all(heads.map((head) => world.sendCommits(head)));
    const refs = world.source.git("for-each-ref", "--format=%(objectname)", "refs/agent-worker");
    expect(new Set(refs.split("\n"))).toEqual(new Set(heads));
    expect(world.source.git("fsck", "--strict")).toBe("");
  });

  test("takes harmless faults of old histories", async () => {
    using world = makeImportWorld();
    const { agent, base } = world;
    const tree = agent.git("rev-parse", "HEAD^{tree}");
    const text = `tree ${tree}\nparent ${base}\nauthor A<a@b> 1 +051800\ncommitter A <> 1 +0000\n\nold\n`;
    const args = ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
    const head = runTestGit(agent.path, args, text).toString("utf8").trim();
    await world.sendCommits(head);
    expect(world.source.git("rev-parse", "refs/agent-worker/RUN1")).toBe(head);
  });
});

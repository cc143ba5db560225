import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectWork } from "../support/expect-work.ts";
import { attachRepository, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";
import type { TestRepository } from "../support/repository.ts";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

function clone(source: TestRepository, into: string, ...args: readonly string[]): TestRepository {
  const path = join(into, "clone");
  runTestGit(into, ["clone", "--quiet", ...args, `file://${source.path}`, path]);
  return attachRepository(path);
}

describe("a branch comes out of", () => {
  test("a directory deep inside of a checkout", async () => {
    using repository = makeRepository({ "a/b/c.txt": "x\n" });
    await expectWork(world, repository, { cwd: join(repository.path, "a/b") });
  });

  test("a repository named with --repo", async () => {
    using repository = makeRepository({ "a/c.txt": "x\n" });
    await expectWork(world, repository, { cwd: "/", argv: ["--repo", join(repository.path, "a")] });
  });

  test("a linked work tree, while another stands beside it", async () => {
    using repository = makeRepository();
    using other = makeDirectory();
    const linked = join(other.path, "linked");
    repository.git("worktree", "add", "--quiet", "-b", "side", linked);
    const worktree = attachRepository(linked);
    const base = worktree.commit({ "side.txt": "side\n" });
    const before = snapshotCheckout(repository.path);
    await expectWork(world, worktree, { base });
    expect(snapshotCheckout(repository.path)).toEqual(before);
  });

  test("a bare repository", async () => {
    using source = makeRepository();
    using other = makeDirectory();
    await expectWork(world, clone(source, other.path, "--bare"));
  });

  test("a shallow clone", async () => {
    using source = makeRepository({ "a.txt": "one\n" });
    for (const word of ["two", "three"]) source.commit({ "a.txt": `${word}\n` });
    using other = makeDirectory();
    const shallow = clone(source, other.path, "--depth=2");
    await expectWork(world, shallow);
    expect(shallow.git("rev-list", "--count", "work")).toBe("3");
  });

  test("a detached HEAD", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    const base = repository.git("rev-parse", "HEAD");
    repository.commit({ "a.txt": "two\n" });
    repository.git("checkout", "--quiet", "--detach", base);
    await expectWork(world, repository, { base });
  });

  test("a checkout with staged, unstaged, untracked and ignored changes and a stash", async () => {
    using repository = makeRepository({ "a.txt": "one\n", "b.txt": "one\n", ".gitignore": "ignored\n" });
    repository.write({ "a.txt": "stashed\n" });
    repository.git("stash", "--quiet");
    repository.write({ "a.txt": "staged\n", "hello.txt": "untracked\n", ignored: "ignored\n" });
    repository.git("add", "a.txt");
    repository.write({ "a.txt": "staged and changed\n", "b.txt": "changed\n" });
    await expectWork(world, repository);
  });

  test("a checkout in the middle of a merge with conflicts", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    repository.git("switch", "--quiet", "--create", "side");
    repository.commit({ "a.txt": "side\n" });
    repository.git("switch", "--quiet", "main");
    repository.commit({ "a.txt": "main\n" });
    expect(() => repository.git("merge", "side")).toThrow("git merge side");
    await expectWork(world, repository);
    expect(repository.git("ls-files", "--unmerged")).not.toBe("");
  });

  test("a repository that borrows its objects from another", async () => {
    using source = makeRepository({ "a.txt": "one\n" });
    using other = makeDirectory();
    const path = join(other.path, "clone");
    runTestGit(other.path, ["clone", "--quiet", "--shared", source.path, path]);
    const borrower = attachRepository(path);
    await expectWork(world, borrower);
    borrower.git("branch", "--quiet", "-D", "work");
    borrower.commit({ "own.txt": "own\n" });
    await expectWork(world, borrower);
  });

  test("a repository with SHA-256", async () => {
    using repository = makeRepository({ "a.txt": "one\n" }, { init: ["--object-format=sha256"] });
    const report = await expectWork(world, repository);
    expect(report.branch?.head).toHaveLength(64);
  });

  test("a repository with a submodule, which is left alone", async () => {
    using inner = makeRepository({ "inner.txt": "inner\n" });
    using repository = makeRepository({ "a.txt": "one\n" });
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path, "module");
    repository.commit();
    await expectWork(world, repository);
    expect(repository.git("ls-tree", "work", "module")).toMatch(/^160000 /);
  });

  test("a path with spaces, quotes, colons and letters of many scripts", async () => {
    using other = makeDirectory();
    const path = join(other.path, `it's "a" päth, wíth: 世界 $HOME;&|`);
    using repository = makeRepository({ "a.txt": "one\n" }, { path });
    await expectWork(world, repository);
  });

  test("packed refs and packed objects", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    repository.git("gc", "--quiet", "--prune=now");
    await expectWork(world, repository);
  });

  test("objects that the container's user may not read: they are copied", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    const objects = join(repository.path, ".git/objects");
    for (const name of readdirSync(objects)) chmodSync(join(objects, name), 0o700);
    chmodSync(objects, 0o700);
    const report = await expectWork(world, repository);
    const ready = world.readEvents(report.runId).find(({ type }) => type === "workspace.ready");
    // Not root: the container's user is the caller, who may read them.
    expect(ready?.data).toMatchObject({ objects: process.getuid?.() === 0 ? "copied" : "shared" });
  });

  test("a repository of another user that is declared safe, and only then", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    using bin = makeDirectory();
    const foreign = `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 PATH='${process.env["PATH"]}' exec git "$@"\n`;
    attachRepository(bin.path).write({ git: { program: foreign } });
    const environment = { PATH: `${bin.path}:${process.env["PATH"]}` };
    const refused = await world.run(["--task", "x"], { cwd: repository.path, environment });
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining("REPOSITORY_OWNER")]);
    expect(refused.stderr).toContain("safe.directory");
    writeFileSync(join(world.environment["HOME"] ?? "", ".gitconfig"), `[safe]\n\tdirectory = ${repository.path}\n`);
    await expectWork(world, repository, { environment });
  });
});

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectWork } from "../support/expect-work.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld, listLeftovers } from "../support/world.ts";
import type { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function expectRefused(
  path: string,
  expected: readonly [exitCode: number, code: string],
  argv: readonly string[] = [],
) {
  const result = await world.run(["--task", "Write hello", ...argv], { cwd: path });
  expect([result.exitCode, result.stderr]).toEqual([expected[0], expect.stringContaining(expected[1])]);
  expect(result.stdout).toBe("");
  expect(result.stderr.trim().split("\n").length).toBeGreaterThanOrEqual(2);
  expect(listLeftovers(world)).toEqual([]);
}

describe("called by git itself", () => {
  test("the variables of a hook lead nowhere else", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    using other = makeRepository({ "b.txt": "other\n" });
    const before = snapshotCheckout(other.path);
    const gitDirectory = join(other.path, ".git");
    await expectWork(world, repository, {
      environment: {
        GIT_DIR: gitDirectory,
        GIT_COMMON_DIR: gitDirectory,
        GIT_WORK_TREE: other.path,
        GIT_INDEX_FILE: join(gitDirectory, "index"),
        GIT_OBJECT_DIRECTORY: join(gitDirectory, "objects"),
        GIT_PREFIX: "a/",
        GIT_CEILING_DIRECTORIES: "/",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "core.bare",
        GIT_CONFIG_VALUE_0: "true",
        GIT_NAMESPACE: "hook",
      },
    });
    expect(snapshotCheckout(other.path)).toEqual(before);
    expect(other.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  });

  test("a hook of a real commit gets its branch, and the commit goes on", async () => {
    using repository = makeRepository({ "a.txt": "one\n" });
    const program = new URL("../../bin/agent-worker.js", import.meta.url).pathname;
    mkdirSync(join(repository.path, ".git/hooks"), { recursive: true });
    repository.write({
      ".git/hooks/pre-commit": {
        program: `#!/bin/sh\nexec '${process.execPath}' '${program}' --task 'Write hello' --branch work --quiet\n`,
      },
      "a.txt": "two\n",
    });
    const identity = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@a",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@a",
    };
    await promisify(execFile)("git", ["commit", "--quiet", "--all", "--message", "Two"], {
      cwd: repository.path,
      env: { ...world.environment, ...identity },
    });
    expect(repository.git("show", "HEAD:a.txt")).toBe("two");
    expect(repository.git("rev-parse", "work~1")).toBe(repository.git("rev-parse", "HEAD~1"));
    expect(repository.git("show", "--format=", "--name-only", "work")).toBe("hello.txt");
  });
});

describe("the base may be", () => {
  test.each([
    ["a tag with a message", "v1", "refs/tags/v1"],
    ["a branch of a remote", "origin/feature", "refs/remotes/origin/feature"],
    ["another branch", "old", "refs/heads/old"],
    ["an abbreviated commit", "abbreviated", null],
    ["an expression", "main~1", null],
  ])("%s", async (_name, revision, ref) => {
    using repository = makeRepository({ "a.txt": "one\n" });
    const base = repository.git("rev-parse", "HEAD");
    repository.git("tag", "-a", "v1", "-m", "One");
    repository.git("branch", "old");
    repository.git("update-ref", "refs/remotes/origin/feature", base);
    repository.commit({ "a.txt": "two\n" });
    const asked = revision === "abbreviated" ? base.slice(0, 10) : revision;
    const report = await expectWork(world, repository, { base, argv: ["--base", asked] });
    expect(report.repository.base.ref).toBe(ref);
  });
});

describe("nothing is started, and nothing left, in", () => {
  test("a directory without a repository", async () => {
    using directory = makeDirectory();
    await expectRefused(directory.path, [2, "NOT_A_REPOSITORY"]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("a repository without a commit", async () => {
    using repository = makeRepository({});
    const before = snapshotCheckout(repository.path);
    await expectRefused(repository.path, [2, "REPOSITORY_EMPTY"]);
    expect(snapshotCheckout(repository.path)).toEqual(before);
  });

  test.each([
    ["a base that does not exist", [2, "BASE_NOT_FOUND"], ["--base", "mian"]],
    ["a base that is no commit", [2, "BASE_NOT_FOUND"], ["--base", "HEAD:README.md"]],
    ["a name that git does not allow", [2, "BRANCH_NAME"], ["--branch", "a b"]],
    ["a name below a branch", [2, "BRANCH_PREFIX"], ["--branch", "taken/below"]],
    ["a name above a branch", [2, "BRANCH_PREFIX"], ["--branch", "deep"]],
    ["a name that is taken", [2, "BRANCH_EXISTS"], ["--branch", "taken"]],
    ["a branch that is checked out here", [2, "BRANCH_CHECKED_OUT"], ["--branch", "main"]],
    [
      "a branch that is checked out elsewhere",
      [2, "BRANCH_CHECKED_OUT"],
      ["--branch", "side", "--on-branch-exists", "reuse"],
    ],
    ["a repository with a lock on the branch", [4, "GIT_LOCKED"], ["--branch", "locked"]],
  ] as const)("%s", async (_name, expected, argv) => {
    using repository = makeRepository();
    using other = makeDirectory();
    repository.git("branch", "taken");
    repository.git("branch", "deep/er");
    repository.git("worktree", "add", "--quiet", "-b", "side", join(other.path, "side"));
    repository.write({ ".git/refs/heads/locked.lock": "" });
    const before = snapshotCheckout(repository.path);
    const refs = repository.git("for-each-ref");
    await expectRefused(repository.path, expected, argv);
    expect(snapshotCheckout(repository.path)).toEqual(before);
    expect(repository.git("for-each-ref")).toBe(refs);
  });
});

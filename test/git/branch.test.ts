import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OnBranchExists } from "../../src/core/runner.ts";
import { planBranch, reserveBranch } from "../../src/git/branch.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Repository } from "../../src/git/repository.ts";
import { resolveBase } from "../../src/git/resolve-base.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";

const { signal } = new AbortController();
const open = (path: string) => openRepository(path, gitSettings, signal);

async function plan(repository: Repository, name: string, onExists: OnBranchExists = "fail") {
  const base = await resolveBase(repository, "HEAD", signal);
  return planBranch(repository, { name, onExists, base, runId: "RUN1" }, signal);
}

async function reserve(repository: Repository, name: string, onExists: OnBranchExists = "fail") {
  return reserveBranch(repository, await plan(repository, name, onExists), signal);
}

describe("planBranch", () => {
  test("plans a new branch at the base and writes nothing", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const sha = checkout.git("rev-parse", "HEAD");
    expect(await plan(repository, "agent/täsk.1")).toMatchObject({
      name: "agent/täsk.1",
      ref: "refs/heads/agent/täsk.1",
      base: { ref: "refs/heads/main", sha },
      expected: null,
    });
    expect(checkout.git("branch", "--format=%(refname)")).toBe("refs/heads/main");
  });

  test("refuses names that git or a person could not use", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const names = [
      "",
      "-x",
      "@",
      "HEAD",
      "a.lock",
      "a..b",
      "a b",
      "a~1",
      "a*",
      "a[",
      "a\\b",
      "/a",
      "a/",
      "a//b",
      ".a",
      "a/.b",
    ];
    for (const name of [...names, "a.", "a@{1}", "a\nb", "a\0b", "refs/heads/a", "x".repeat(300)]) {
      const message = expect.stringContaining(`'${name}'`);
      await expect(plan(repository, name, "suffix")).rejects.toMatchObject({ code: "BRANCH_NAME", message });
    }
  });

  test("refuses a name that is a folder of another branch, or lies below one", async () => {
    using checkout = makeRepository();
    checkout.git("branch", "a");
    checkout.git("branch", "b/c/d");
    const repository = await open(checkout.path);
    for (const policy of ["fail", "suffix", "reuse", "replace"] as const) {
      const below = { code: "BRANCH_PREFIX", message: expect.stringContaining("branch a.") };
      await expect(plan(repository, "a/x/y", policy)).rejects.toMatchObject(below);
      await expect(plan(repository, "b/c", policy)).rejects.toMatchObject({ code: "BRANCH_PREFIX" });
    }
    expect(await plan(repository, "b/c/e")).toMatchObject({ expected: null });
    checkout.git("pack-refs", "--all");
    await expect(plan(repository, "b")).rejects.toMatchObject({ code: "BRANCH_PREFIX" });
  });

  test("decides by policy what becomes of a branch that exists", async () => {
    using checkout = makeRepository();
    const first = checkout.git("rev-parse", "HEAD");
    checkout.git("branch", "work");
    checkout.git("branch", "work-2");
    const second = checkout.commit({ two: "2" });
    const repository = await open(checkout.path);
    await expect(plan(repository, "work", "fail")).rejects.toMatchObject({
      code: "BRANCH_EXISTS",
      hint: expect.stringContaining("--on-branch-exists"),
    });
    expect(await plan(repository, "work", "suffix")).toMatchObject({ name: "work-3", expected: null });
    expect(await plan(repository, "work", "reuse")).toMatchObject({
      base: { ref: "refs/heads/work", sha: first },
      expected: first,
    });
    expect(await plan(repository, "work", "replace")).toMatchObject({
      base: { ref: "refs/heads/main", sha: second },
      expected: first,
    });
  });

  test("refuses a branch that a work tree stands on, will be born on, or rebases", async () => {
    using checkout = makeRepository();
    using other = makeDirectory();
    const linked = join(other.path, "linked tree");
    checkout.git("worktree", "add", "--quiet", "-b", "elsewhere", linked);
    checkout.git("branch", "rebased");
    mkdirSync(join(checkout.path, ".git/rebase-merge"));
    writeFileSync(join(checkout.path, ".git/rebase-merge/head-name"), "refs/heads/rebased\n");
    attachRepository(linked).git("switch", "--quiet", "--orphan", "unborn");
    const repository = await open(checkout.path);
    for (const policy of ["reuse", "replace"] as const) {
      for (const name of ["main", "rebased", "unborn"]) {
        await expect(plan(repository, name, policy)).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT" });
      }
    }
    await expect(plan(repository, "unborn")).rejects.toMatchObject({
      code: "BRANCH_CHECKED_OUT",
      message: expect.stringContaining(linked),
      hint: expect.stringContaining("switch --detach"),
    });
    expect(await plan(repository, "unborn", "suffix")).toMatchObject({ name: "unborn-2" });
    expect(await plan(repository, "elsewhere", "reuse")).toMatchObject({ base: { ref: "refs/heads/elsewhere" } });
  });
});

test("refuses the branch of the only work tree, however its HEAD names it", async () => {
  using checkout = makeRepository();
  const head = join(checkout.path, ".git/HEAD");
  const repository = await open(checkout.path);
  const replace = () => plan(repository, "main", "replace");
  await expect(replace()).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT", message: /checked out in/ });
  checkout.git("symbolic-ref", "refs/heads/alias", "refs/heads/main");
  checkout.git("symbolic-ref", "HEAD", "refs/heads/alias");
  await expect(replace()).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT" });
  rmSync(join(checkout.path, ".git/refs/heads/alias"));
  symlinkSync("refs/heads/main", join(checkout.path, ".git/refs/heads/alias"));
  await expect(replace()).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT" });
  rmSync(head);
  symlinkSync("refs/heads/main", head);
  await expect(replace()).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT" });
  rmSync(head);
  writeFileSync(head, "ref: refs/heads/main\n");
  mkdirSync(join(checkout.path, ".git/rebase-merge"));
  writeFileSync(join(checkout.path, ".git/rebase-merge/head-name"), "refs/heads/rebased\n");
  await expect(plan(repository, "rebased")).rejects.toMatchObject({ code: "BRANCH_CHECKED_OUT" });
  rmSync(join(checkout.path, ".git/rebase-merge"), { recursive: true });
  checkout.git("switch", "--quiet", "--detach");
  expect(await replace()).toMatchObject({ name: "main" });
});

test("takes no branch of a bare repository for checked out", async () => {
  using checkout = makeRepository();
  using other = makeDirectory();
  const bare = join(other.path, "bare.git");
  runTestGit(other.path, ["clone", "--quiet", "--bare", checkout.path, bare]);
  expect(await plan(await open(bare), "main", "replace")).toMatchObject({ name: "main" });
});

describe("reserveBranch", () => {
  test("creates the branch at its base, without configuration or a trace in HEAD's log", async () => {
    using checkout = makeRepository();
    const [config, log] = [".git/config", ".git/logs/HEAD"].map((file) => join(checkout.path, file));
    const before = [config, log].map((file) => readFileSync(file ?? "", "utf8"));
    const reservation = await reserve(await open(checkout.path), "agent/a");
    expect(reservation.plan.name).toBe("agent/a");
    expect(checkout.git("rev-parse", "agent/a")).toBe(checkout.git("rev-parse", "main"));
    expect([config, log].map((file) => readFileSync(file ?? "", "utf8"))).toEqual(before);
  });

  test("lets one of eight win a name; the others hear that it exists", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const planned = await plan(repository, "agent/race");
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => reserveBranch(repository, planned, signal)),
    );
    const lost = results.filter((result) => result.status === "rejected").map(({ reason }) => reason.code);
    expect(lost).toEqual(Array.from({ length: 7 }, () => "BRANCH_EXISTS"));
  });

  test("with suffix gives each of eight a name of its own", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const planned = await plan(repository, "agent/race", "suffix");
    const reservations = await Promise.all(Array.from({ length: 8 }, () => reserveBranch(repository, planned, signal)));
    const names = reservations.map(({ plan }) => plan.name).sort();
    const numbered = [2, 3, 4, 5, 6, 7, 8].map((number) => `agent/race-${number}`);
    expect(names).toEqual(["agent/race", ...numbered]);
  });

  test("hears of a folder that came into being after the plan", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const planned = await plan(repository, "agent");
    checkout.git("branch", "agent/other");
    await expect(reserveBranch(repository, planned, signal)).rejects.toMatchObject({ code: "BRANCH_PREFIX" });
  });

  test("names the lock file that is in the way", async () => {
    using checkout = makeRepository();
    const repository = await open(checkout.path);
    const planned = await plan(repository, "locked");
    const lock = join(checkout.path, ".git/refs/heads/locked.lock");
    writeFileSync(lock, "");
    await expect(reserveBranch(repository, planned, signal)).rejects.toMatchObject({
      code: "GIT_LOCKED",
      message: expect.stringContaining(lock),
      hint: expect.stringContaining("rm "),
    });
  });

  test("works in a bare repository, a linked work tree and one with the sha256 format", async () => {
    using checkout = makeRepository();
    using modern = makeRepository({ file: "x" }, { init: ["--object-format=sha256"] });
    using other = makeDirectory();
    checkout.git("worktree", "add", "--quiet", join(other.path, "linked"));
    runTestGit(other.path, ["clone", "--quiet", "--bare", checkout.path, "bare.git"]);
    for (const path of [join(other.path, "linked"), join(other.path, "bare.git"), modern.path]) {
      const reservation = await reserve(await open(path), "agent/a");
      expect(attachRepository(path).git("rev-parse", "agent/a")).toBe(reservation.plan.base.sha);
    }
  });
});

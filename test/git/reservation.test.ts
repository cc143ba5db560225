import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OnBranchExists } from "../../src/core/runner.ts";
import { planBranch, reserveBranch } from "../../src/git/branch.ts";
import { openRepository } from "../../src/git/repository.ts";
import { resolveBase } from "../../src/git/resolve-base.ts";
import { gitSettings, makeRepository } from "../support/repository.ts";

const { signal } = new AbortController();

async function reserve(path: string, name: string, onExists: OnBranchExists = "fail") {
  const repository = await openRepository(path, gitSettings, signal);
  const base = await resolveBase(repository, "HEAD", signal);
  const plan = await planBranch(repository, { name, onExists, base, runId: "RUN1" }, signal);
  return reserveBranch(repository, plan, signal);
}

describe("a reservation", () => {
  test("is published by moving the branch to the work", async () => {
    using checkout = makeRepository();
    const reservation = await reserve(checkout.path, "agent/a");
    const work = checkout.git("commit-tree", "-p", "HEAD", "-m", "work", "HEAD^{tree}");
    await reservation.publish(work, signal);
    expect(checkout.git("rev-parse", "agent/a")).toBe(work);
    await reservation.release(signal);
    expect(checkout.git("rev-parse", "agent/a")).toBe(work);
  });

  test("moves a reused and a replaced branch from where it stood", async () => {
    using checkout = makeRepository();
    checkout.git("branch", "one");
    checkout.git("branch", "two");
    const work = checkout.git("commit-tree", "-m", "work", "HEAD^{tree}");
    for (const [name, policy] of [
      ["one", "reuse"],
      ["two", "replace"],
    ] as const) {
      const reservation = await reserve(checkout.path, name, policy);
      await reservation.publish(work, signal);
      expect(checkout.git("rev-parse", name)).toBe(work);
    }
  });

  test("is not published where the branch was moved, deleted or checked out meanwhile", async () => {
    using checkout = makeRepository();
    const work = checkout.git("commit-tree", "-p", "HEAD", "-m", "work", "HEAD^{tree}");
    const other = checkout.git("commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}");
    const changes = {
      moved: ["branch", "--force", "moved", other],
      deleted: ["branch", "-D", "deleted"],
      "checked-out": ["switch", "--quiet", "checked-out"],
    };
    for (const [name, change] of Object.entries(changes)) {
      const reservation = await reserve(checkout.path, name);
      checkout.git(...change);
      const before = checkout.git("for-each-ref");
      await expect(reservation.publish(work, signal)).rejects.toMatchObject({ code: "BRANCH_MOVED" });
      await reservation.release(signal);
      expect(checkout.git("for-each-ref")).toBe(before);
    }
  });

  test("that is released leaves no branch, no log and no configuration", async () => {
    using checkout = makeRepository();
    const config = readFileSync(join(checkout.path, ".git/config"), "utf8");
    const reservation = await reserve(checkout.path, "agent/a");
    await reservation.release(signal);
    await reservation.release(signal);
    expect(checkout.git("for-each-ref", "refs/heads")).not.toContain("agent");
    expect(existsSync(join(checkout.path, ".git/logs/refs/heads/agent/a"))).toBe(false);
    expect(readdirSync(join(checkout.path, ".git/refs/heads"))).toEqual(["main"]);
    expect(readFileSync(join(checkout.path, ".git/config"), "utf8")).toBe(config);
  });

  test("that is released leaves a branch it did not create", async () => {
    using checkout = makeRepository();
    checkout.git("branch", "mine");
    const reservation = await reserve(checkout.path, "mine", "replace");
    await reservation.release(signal);
    expect(checkout.git("rev-parse", "mine")).toBe(checkout.git("rev-parse", "main"));
  });
});

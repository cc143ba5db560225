import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { planBranch, reserveBranch } from "../../src/git/branch.ts";
import { importPack } from "../../src/git/import-pack.ts";
import { copyBase } from "../../src/git/copy-base.ts";
import { openRepository } from "../../src/git/repository.ts";
import { createChangesReader } from "../../src/git/read-changes.ts";
import { resolveBase } from "../../src/git/resolve-base.ts";
import { packCommits, streamBytes } from "../support/agent-pack.ts";
import { testLimits } from "../support/import-world.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "../support/repository.ts";
import type { TestRepository } from "../support/repository.ts";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";

const { signal } = new AbortController();

/** All that a run does with the user's repository; returns the head it published. */
async function runCycle(path: string, name: string): Promise<string> {
  using scratch = makeDirectory();
  const repository = await openRepository(path, gitSettings, signal);
  const base = await resolveBase(repository, "HEAD", signal);
  const runId = name.toUpperCase();
  const plan = await planBranch(repository, { name: `agent/${name}`, onExists: "fail", base, runId }, signal);
  const reservation = await reserveBranch(repository, plan, signal);
  await copyBase(repository, { base: base.sha, directory: join(scratch.path, "copy") }, signal);
  const head = work(repository.path, join(scratch.path, "agent"));
  const pack = streamBytes(packCommits(join(scratch.path, "agent"), head, base.sha));
  const request = {
    pack,
    base: base.sha,
    head,
    runId,
    directory: join(scratch.path, "quarantine"),
    limits: testLimits,
  };
  await using changes = createChangesReader(repository);
  changes.begin();
  await importPack(repository, request, signal);
  await changes.read({ base: base.sha, head }, signal);
  await reservation.publish(head, signal);
  return head;
}

/** What an agent does in a clone of its own. */
function work(source: string, path: string): string {
  runTestGit(source, ["clone", "--quiet", "--no-tags", `file://${source}`, path]);
  return attachRepository(path).commit({ "new.txt": "new", link: { link: "new.txt" }, "a.txt": "changed\n" });
}

/** A checkout in the middle of its user's work, with every part of it in use. */
function makeBusyCheckout(): TestRepository {
  const checkout = makeRepository({ "a.txt": "one\n", "b.txt": "one\n", ".gitignore": "ignored\n" });
  checkout.write({ "b.txt": "stashed\n" });
  checkout.git("stash", "--quiet");
  checkout.git("tag", "v1");
  checkout.write({ "a.txt": "staged\n" });
  checkout.git("add", "a.txt");
  checkout.write({ "a.txt": "dirty\n", untracked: "u", ignored: "i" });
  checkout.git("notes", "add", "--message", "A note");
  return checkout;
}

/** Has git run a program at every place its configuration knows, each time leaving a file behind. */
function setCanaries(checkout: TestRepository, canary: string): void {
  const touch = `touch '${canary}'`;
  const script = { program: `#!/bin/sh\n${touch}\n` };
  const hooks = [
    "reference-transaction",
    "post-checkout",
    "pre-commit",
    "post-index-change",
    "pre-auto-gc",
    "post-rewrite",
  ];
  checkout.write(Object.fromEntries(hooks.map((hook) => [`.git/hooks/${hook}`, script])));
  checkout.write({ ".git/info/attributes": "* filter=canary diff=canary\n", "../canary.sh": script });
  const settings = {
    "core.fsmonitor": touch,
    "core.alternateRefsCommand": touch,
    "core.sshCommand": touch,
    "core.pager": touch,
    "core.editor": touch,
    "core.attributesFile": join(checkout.path, ".git/info/attributes"),
    "core.hooksPath": join(checkout.path, ".git/hooks"),
    "credential.helper": `!${touch}`,
    "diff.external": touch,
    "diff.canary.command": touch,
    "diff.canary.textconv": touch,
    "filter.canary.clean": touch,
    "filter.canary.smudge": touch,
    "filter.canary.process": touch,
    "gc.recentObjectsHook": touch,
    "gpg.program": touch,
    "log.showSignature": "true",
    "pager.diff": touch,
    "uploadpack.packObjectsHook": touch,
  };
  for (const [key, value] of Object.entries(settings)) checkout.git("config", key, value);
}

describe("a whole run", () => {
  test("leaves HEAD, index, files, config, hooks, logs, stash and tags byte for byte as they were", async () => {
    using checkout = makeBusyCheckout();
    const before = snapshotCheckout(checkout.path);
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(
        ["HEAD", "index", "config", "logs/HEAD", "refs/stash", "refs/tags/v1"].map((name) =>
          join(checkout.path, ".git", name),
        ),
      ),
    );
    const head = await runCycle(checkout.path, "one");
    expect(snapshotCheckout(checkout.path)).toEqual(before);
    expect(
      checkout.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/agent", "refs/agent-worker"),
    ).toBe(`refs/heads/agent/one ${head}`);
  });

  test("leaves a shallow clone, a linked work tree and a bare repository as they were", async () => {
    using checkout = makeBusyCheckout();
    using scratch = makeDirectory();
    runTestGit(scratch.path, ["clone", "--quiet", "--depth=1", `file://${checkout.path}`, "shallow"]);
    runTestGit(scratch.path, ["clone", "--quiet", "--bare", checkout.path, "bare"]);
    checkout.git("worktree", "add", "--quiet", join(scratch.path, "linked"));
    for (const name of ["shallow", "bare", "linked"]) {
      const path = join(scratch.path, name);
      const before = snapshotCheckout(path);
      const head = await runCycle(path, name);
      expect(snapshotCheckout(path)).toEqual(before);
      expect(attachRepository(path).git("rev-parse", `agent/${name}`)).toBe(head);
    }
  });

  test("runs five times at once", async () => {
    using checkout = makeBusyCheckout();
    const before = snapshotCheckout(checkout.path);
    const heads = await Promise.all([1, 2, 3, 4, 5].map((number) => runCycle(checkout.path, `run${number}`)));
    expect(heads).toHaveLength(5);
    expect(checkout.git("branch", "--format=%(refname)", "--list", "agent/*").split("\n")).toHaveLength(5);
    expect(snapshotCheckout(checkout.path)).toEqual(before);
  });

  test("runs none of the programs that the repository's configuration names", async () => {
    using checkout = makeBusyCheckout();
    using scratch = makeDirectory();
    const canary = join(scratch.path, "canary");
    setCanaries(checkout, canary);
    const head = await runCycle(checkout.path, "quiet");
    expect(existsSync(canary)).toBe(false);
    expect(runTestGit(checkout.path, ["cat-file", "-t", head]).toString("utf8")).toBe("commit\n");
    // It would have been woken: the user's own git does run them.
    checkout.git("config", "--unset", "filter.canary.process");
    checkout.git("status");
    expect(existsSync(canary)).toBe(true);
  });

  test("ignores what a calling hook has set", async () => {
    using checkout = makeBusyCheckout();
    const before = snapshotCheckout(checkout.path);
    const inherited = { GIT_DIR: "/nonexistent", GIT_INDEX_FILE: join(checkout.path, "index"), GIT_WORK_TREE: "/" };
    Object.assign(process.env, inherited);
    try {
      await runCycle(checkout.path, "hooked");
    } finally {
      for (const name of Object.keys(inherited)) delete process.env[name];
    }
    expect(snapshotCheckout(checkout.path)).toEqual(before);
  });
});

describe("snapshotCheckout", () => {
  test("sees every change that a run must not make", () => {
    const changes: readonly ((checkout: TestRepository) => void)[] = [
      (checkout) => checkout.write({ untracked: "v" }),
      (checkout) => checkout.git("add", "untracked"),
      (checkout) => checkout.git("config", "a.b", "c"),
      (checkout) => checkout.git("stash", "drop", "--quiet"),
      (checkout) => checkout.git("tag", "v2"),
      (checkout) => checkout.git("switch", "--quiet", "--create", "other"),
      (checkout) => writeFileSync(join(checkout.path, ".git/shallow"), ""),
      (checkout) => writeFileSync(join(checkout.path, ".git/hooks/pre-commit"), ""),
    ];
    for (const change of changes) {
      using checkout = makeBusyCheckout();
      const before = snapshotCheckout(checkout.path);
      change(checkout);
      expect(snapshotCheckout(checkout.path)).not.toEqual(before);
    }
  });
});

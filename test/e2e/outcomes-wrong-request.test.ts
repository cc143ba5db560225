import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld, listLeftovers, listRuns } from "../support/world.ts";
import type { StartOptions, World } from "../support/world.ts";

const task = ["--task", "Write it"];

describe("a wrong request", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    world.repository.git("branch", "taken");
    world.repository.git("branch", "a-name");
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Exit code 2, one error that says what to do, nothing on stdout, and nothing started, written or asked. */
  async function expectRefused(code: string, argv: readonly string[], options?: StartOptions): Promise<string> {
    const before = snapshotCheckout(world.repository.path);
    const refs = world.repository.git("for-each-ref");
    const { exitCode, stdout, stderr } = await world.run(argv, options);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(code)]);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n").length).toBeGreaterThanOrEqual(2);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(world.repository.git("for-each-ref")).toBe(refs);
    expect(snapshotCheckout(world.repository.path)).toEqual(before);
    expect(listRuns(world)).toEqual([]);
    expect(listLeftovers(world)).toEqual([]);
    expect(world.model.requests).toEqual([]);
    return stderr;
  }

  it.each([
    ["USAGE", []],
    ["USAGE", ["--tsk", "x"]],
    ["USAGE", [...task, "--task-file", "x"]],
    ["USAGE", ["--task-file", "no-such-file"]],
    ["USAGE", ["frobnicate"]],
    ["CONFIG_INVALID", [...task, "--timeout", "soon"]],
    ["CONFIG_INVALID", [...task, "--execution-mode", "magic"]],
    ["CONFIG_INVALID", [...task, "--execution-mode", "server"]],
    ["CONFIG_INVALID", [...task, "--output", "xml"]],
    ["TASK_EMPTY", ["--task", " \n\t "]],
    ["BASE_NOT_FOUND", [...task, "--base", "nowhere"]],
    ["BRANCH_NAME", [...task, "--branch", "a..b"]],
    ["BRANCH_NAME", [...task, "--branch", "-x"]],
    ["BRANCH_EXISTS", [...task, "--branch", "taken"]],
    ["BRANCH_PREFIX", [...task, "--branch", "a-name/below"]],
    ["BRANCH_CHECKED_OUT", [...task, "--branch", "main", "--on-branch-exists", "replace"]],
    ["AGENT_UNKNOWN", [...task, "--agent", "cladue"]],
    ["AGENT_UNKNOWN", [...task, "--agent", "cladue", "--dry-run"]],
    ["CONFIG_INVALID", [...task, "--ca-bundle", "/nonexistent"]],
    ["RUN_NOT_FOUND", ["runs", "show", "01ZZZZZZZZZZZZZZZZZZZZZZZZ"]],
  ])("%s: %o", async (code, argv) => {
    expect(await expectRefused(code, argv)).not.toBe("");
  });

  it.each([[task], [[...task, "--dry-run"]], [["demo"]]])("CREDENTIAL_MISSING: %o", async (argv) => {
    const stderr = await expectRefused("CREDENTIAL_MISSING", argv, { environment: { ANTHROPIC_API_KEY: "" } });
    expect(stderr).toContain("ANTHROPIC_API_KEY");
  });

  it("CONFIG_INVALID for an endpoint with a user in it, which is not shown", async () => {
    const environment = { ANTHROPIC_BASE_URL: "http://ann:canary@127.0.0.1:1" };
    expect(await expectRefused("CONFIG_INVALID", task, { environment })).not.toContain("canary");
  });

  it("TASK_EMPTY on empty stdin", async () => {
    expect(await expectRefused("TASK_EMPTY", ["--task-file", "-"], { stdin: "" })).toContain("empty");
  });

  it("NOT_A_REPOSITORY in a plain directory", async () => {
    using directory = makeDirectory();
    expect(await expectRefused("NOT_A_REPOSITORY", task, { cwd: directory.path })).toContain(directory.path);
  });

  it("REPOSITORY_EMPTY before the first commit", async () => {
    using empty = makeRepository({});
    expect(await expectRefused("REPOSITORY_EMPTY", [...task, "--repo", empty.path])).toContain("commit");
  });

  it("REPOSITORY_PARTIAL where a partial clone lacks files of the base", async () => {
    using parent = makeDirectory();
    using origin = makeRepository({ "README.md": "# The first\n" });
    origin.commit({ "README.md": "# The second\n" });
    origin.git("config", "uploadpack.allowFilter", "true");
    const clone = join(parent.path, "clone");
    origin.git("clone", "-q", "--filter=blob:none", `file://${origin.path}`, clone);
    const argv = [...task, "--repo", clone, "--base", "HEAD~1"];
    expect(await expectRefused("REPOSITORY_PARTIAL", argv)).toContain("partial clone");
  });
});

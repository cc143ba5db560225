import { describe, expect, it } from "vitest";
import { snapshotCheckout } from "../support/snapshot-checkout.ts";
import { createWorld } from "../support/world.ts";
import { bash, expectTidy, hang, say, write } from "./tidy.ts";

const branch = ["--task", "Write it", "--branch", "work"];
const noRetry = { "x-should-retry": "false" };

describe("a run that succeeds", () => {
  it("keeps the agent's own commits and puts what it left uncommitted on top", async () => {
    const commit = "printf 'a\\n' > one.txt && git add one.txt && git commit -q -m 'feat: one'";
    const leave = "printf 'b\\n' > two.txt && rm README.md && printf 'staged\\n' > three.txt && git add three.txt";
    await using world = await createWorld({ scenario: { steps: [bash(commit), bash(leave)] } });
    const before = snapshotCheckout(world.repository.path);
    const result = await world.runTask(branch);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "succeeded", exitCode: 0, reason: null, branch: { name: "work" } });
    expect(result.report.stats).toMatchObject({ commits: 2, filesChanged: 4, insertions: 3, deletions: 1 });
    expect(world.repository.git("log", "--format=%s", "main..work")).toBe("Write it\nfeat: one");
    expect(world.repository.git("ls-tree", "--name-only", "work")).toBe("one.txt\nthree.txt\ntwo.txt");
    expect(snapshotCheckout(world.repository.path)).toEqual(before);
  });
});

describe("a run that changes nothing", () => {
  it("is no_changes with exit code 0 and leaves no branch behind", async () => {
    await using world = await createWorld({ scenario: "no-changes" });
    const before = snapshotCheckout(world.repository.path);
    const result = await world.runTask(branch);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "no_changes", exitCode: 0, reason: null, branch: null });
    expect(world.repository.git("branch", "--format=%(refname)")).toBe("refs/heads/main");
    expect(snapshotCheckout(world.repository.path)).toEqual(before);
  });

  it("is no_changes as well where the agent took its changes back", async () => {
    const steps = [bash("printf x >> README.md && git commit -qam x"), bash("git reset -q --hard HEAD~1")];
    await using world = await createWorld({ scenario: { steps } });
    const result = await world.runTask(branch);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "no_changes", branch: null });
  });
});

describe("a run that fails", () => {
  it.each([
    ["AGENT_ERROR", { error: { status: 400, message: "the request is wrong" }, repeat: "forever" }],
    ["AGENT_REFUSED", { ...say("No."), stopReason: "refusal", repeat: "forever" }],
    ["AGENT_KILLED", bash("kill -9 $PPID; sleep 5")],
    ["AGENT_KILLED", bash("kill -15 $PPID; sleep 5")],
  ] as const)("keeps the partial work on the branch and says %s", async (code, step) => {
    await using world = await createWorld({ scenario: { steps: [write("partial.txt"), step] } });
    const result = await world.runTask(branch);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "failed", exitCode: 1, reason: { code }, branch: { name: "work" } });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });
});

describe("a run that reaches a limit", () => {
  it.each([
    ["LIMIT_TURNS", ["--max-turns", "1"], bash("true")],
    ["LIMIT_COST", ["--max-cost", "1"], { ...bash("true"), tokens: { output: 1_000_000 } }],
    ["MODEL_RATE_LIMIT", [], { error: { status: 429, headers: noRetry }, repeat: "forever" }],
    ["LIMIT_QUOTA", [], { error: { status: 402, headers: noRetry }, repeat: "forever" }],
  ] as const)("is limited with exit code 3, keeps the partial work and says %s", async (code, flags, step) => {
    await using world = await createWorld({ scenario: { steps: [write("partial.txt"), step, step] } });
    const result = await world.runTask([...branch, ...flags]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "limited", exitCode: 3, reason: { code } });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });
});

describe("a run out of time", () => {
  it("is timed_out with exit code 124 and keeps the partial work", async () => {
    await using world = await createWorld({ scenario: { steps: [write("partial.txt"), hang] } });
    const result = await world.runTask([...branch, "--timeout", "8s"]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "timed_out", exitCode: 124, reason: { code: "TIMEOUT_WALL" } });
    expect(result.report.reason?.hint).toContain("--timeout");
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });
});

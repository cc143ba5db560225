import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { bash, expectTidy, write } from "./tidy.ts";

const noRetry = { "x-should-retry": "false" };

describe("a run whose surroundings are not there", () => {
  it.each([
    ["MODEL_CREDENTIAL", { status: 401 }, "ANTHROPIC_API_KEY"],
    ["MODEL_OVERLOADED", { status: 529, headers: noRetry }, "later"],
    ["MODEL_OVERLOADED", { status: 500, headers: noRetry }, "later"],
  ])("is unavailable with exit code 4 and keeps the partial work: %s, %o", async (code, error, hint) => {
    const steps = [write("partial.txt"), { error, repeat: "forever" as const }];
    await using world = await createWorld({ scenario: { steps } });
    const result = await world.runTask(["--task", "x", "--branch", "work"]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "unavailable", exitCode: 4, reason: { code } });
    expect(result.report.reason?.hint).toContain(hint);
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });

  it("says MODEL_UNREACHABLE where nobody listens, without waiting for the agent to try again and again", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    server.close();
    await once(server, "close");
    await using world = await createWorld({ environment: { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` } });
    const result = await world.runTask();
    await expectTidy(world, result);
    expect(result.report).toMatchObject({
      outcome: "unavailable",
      reason: { code: "MODEL_UNREACHABLE" },
      branch: null,
    });
    expect(result.report.reason?.message).toContain("ECONNREFUSED");
  });

  it("says ENGINE_UNAVAILABLE where no engine answers, and takes the branch back", async () => {
    await using world = await createWorld();
    const DOCKER_HOST = `unix://${join(world.runtimeDirectory, "..", "no-engine.sock")}`;
    const result = await world.runTask(undefined, { environment: { DOCKER_HOST } });
    await expectTidy(world, result);
    expect(result.report).toMatchObject({
      outcome: "unavailable",
      exitCode: 4,
      reason: { code: "ENGINE_UNAVAILABLE" },
      branch: null,
    });
    expect(result.report.reason?.message).toContain("no-engine.sock");
    expect(result.report.reason?.hint).toBeTruthy();
  });

  it("says IMAGE_NOT_FOUND where an image of one's own is missing", async () => {
    await using world = await createWorld();
    const result = await world.runTask(["--task", "x", "--image", "agent-worker-test/no-such-image:1"]);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "unavailable", reason: { code: "IMAGE_NOT_FOUND" }, branch: null });
  });
});

describe("a run whose branch moves meanwhile", () => {
  const task = ["--task", "x", "--branch", "work"];
  const scenario = { steps: [write("hello.txt", "Hello.\n"), bash("sleep 2")] };

  /** Does something as soon as the agent is at work. */
  async function runAndMeanwhile(world: World, act: () => void) {
    const running = world.start([...task, "--output", "json", "--quiet"]);
    while (world.model.requests.every(({ mainLoop }) => !mainLoop)) await sleep(20);
    act();
    const result = await running.ended;
    return { ...result, report: JSON.parse(result.stdout) };
  }

  it.each([
    ["moved", (world: World, other: string) => world.repository.git("update-ref", "refs/heads/work", other)],
    ["checked out", (world: World) => world.repository.git("switch", "-q", "work")],
    ["deleted", (world: World) => world.repository.git("branch", "-D", "work")],
  ])("is unpublished with exit code 5 when it was %s, and the hint's commands work", async (_, act) => {
    await using world = await createWorld({ scenario });
    const tree = world.repository.git("rev-parse", "main^{tree}");
    const other = world.repository.git("commit-tree", tree, "-p", "main", "-m", "another's work");
    const result = await runAndMeanwhile(world, () => act(world, other));
    const after = world.repository.git("for-each-ref", "--format=%(objectname)", "refs/heads/work");
    await expectTidy(world, result);
    const { report } = result;
    expect(report).toMatchObject({
      outcome: "unpublished",
      exitCode: 5,
      reason: { code: "BRANCH_MOVED" },
      branch: null,
    });
    expect(report.stats).toMatchObject({ commits: 1, filesChanged: 1 });
    expect(["", other, world.repository.git("rev-parse", "main")]).toContain(after);
    const command = /git branch <name> (\S+)/.exec(report.reason.hint)?.[1] ?? "";
    world.repository.git("branch", "found-again", command);
    expect(world.repository.git("show", "found-again:hello.txt")).toBe("Hello.");
  });
});

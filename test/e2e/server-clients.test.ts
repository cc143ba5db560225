import { readdirSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runTestGit } from "../support/repository.ts";
import { createServedWorld, findRun } from "../support/served-world.ts";
import { listLeftovers } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { expectTidy, hang, listEngineLeftovers, readReport, say, write } from "./tidy.ts";

const argv = ["--task", "Write it", "--branch", "work", "--output", "json", "--quiet"];
const printed = ["--output", "json"];
/** It writes a file, and then thinks for a while. */
const slow = { steps: [write("partial.txt"), { ...say("Done."), delayMs: 3_000 }] };

function fail(): never {
  throw new Error("no pipe");
}

/** What holds when the server has ended: nothing runs, and of its runs only what was published is in its repository. */
async function expectServerTidy({ stateDirectory }: World): Promise<void> {
  const data = join(stateDirectory, "server");
  const runs = readdirSync(join(data, "runs"));
  expect(runs.length).toBeGreaterThan(0);
  for (const runId of runs) expect(await listEngineLeftovers(runId)).toEqual([]);
  const repositories = readdirSync(join(data, "repositories"), { recursive: true, encoding: "utf8" });
  const bare = repositories
    .filter((name) => name.endsWith("/HEAD"))
    .map((name) => join(data, "repositories", name, ".."));
  expect(bare).toHaveLength(1);
  const refs = runTestGit(bare[0] ?? "", ["for-each-ref", "--format=%(refname)"])
    .toString()
    .trim()
    .split("\n");
  expect(refs.map((ref) => ref.replace(/[^/]+$/, "*")).toSorted()).toEqual(["refs/inbox/*", "refs/tasks/*"]);
}

describe("a client without engine and without credential", () => {
  it("that is interrupted stops the task, and brings what was done", async () => {
    await using served = await createServedWorld({ scenario: { steps: [write("partial.txt"), hang] } });
    const { world } = served;
    await using server = await served.serve();
    const running = served.start(argv, server.url);
    await served.hearModel(2);
    running.process.kill("SIGINT");
    const result = readReport(await running.ended);
    expect(result.report).toMatchObject({ outcome: "cancelled", exitCode: 130, executionMode: "server", warnings: [] });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
    expect(await server.end("SIGTERM")).toBe(0);
    await expectTidy(world, result);
    await expectServerTidy(world);
  });

  it("that is interrupted twice leaves the task to the server, and its work can be collected later", async () => {
    await using served = await createServedWorld({ scenario: slow });
    const { world } = served;
    await using server = await served.serve();
    const running = served.start(argv, server.url);
    await served.hearModel(2);
    // Two different ones: two of a kind at once may come as one.
    running.process.kill("SIGINT");
    running.process.kill("SIGTERM");
    const left = readReport(await running.ended);
    const { runId } = left.report;
    expect(left.report).toMatchObject({ outcome: "cancelled", branch: null, reason: { code: "CANCELLED" } });
    expect(left.report.reason?.hint).toContain(`agent-worker runs collect ${runId}`);
    await served.run(["runs", "wait", runId], server.url);
    const collected = readReport(await served.run(["runs", "collect", runId, ...printed], server.url));
    expect(["cancelled", "succeeded"]).toContain(collected.report.outcome);
    expect([collected.report.runId, collected.report.branch?.name]).toEqual([runId, "work"]);
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
    expect(await server.end("SIGTERM")).toBe(0);
    expect(listLeftovers(world)).toEqual([]);
    await expectServerTidy(world);
  });

  it("that is killed is taken up again with runs resume, and has every event once", async () => {
    await using served = await createServedWorld({ scenario: slow });
    const { world } = served;
    await using server = await served.serve();
    const running = served.start(argv, server.url);
    await served.hearModel(2);
    running.process.kill("SIGKILL");
    await running.ended;
    const runId = findRun(world);
    const resumed = readReport(await served.run(["runs", "resume", runId, ...printed], server.url));
    expect(resumed.report).toMatchObject({ runId, outcome: "succeeded", branch: { name: "work" } });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
    const again = await served.run(["runs", "resume", runId, ...printed], server.url);
    expect(readReport(again).report).toEqual(resumed.report);
    expect(await server.end("SIGTERM")).toBe(0);
    await expectTidy(world, resumed);
    await expectServerTidy(world);
  });
});

it("A task that is handed over is waited for while the server is away, and collected when it has ended", async () => {
  await using served = await createServedWorld({ scenario: slow });
  const { world } = served;
  await using first = await served.serve();
  const submitted = await served.run(["runs", "submit", ...argv], first.url);
  const { runId, branch } = JSON.parse(submitted.stdout);
  expect([submitted.exitCode, submitted.stderr, branch]).toEqual([0, "", "work"]);
  await served.hearModel(2);
  const early = await served.run(["runs", "collect", runId], first.url);
  expect([early.exitCode, early.stdout, early.stderr]).toEqual([4, "", `${runId}: not finished (running)\n`]);
  await first.end("SIGKILL");
  const waiting = served.start(["runs", "wait"], first.url);
  const [said] = await once(waiting.process.stderr ?? fail(), "data");
  expect(String(said)).toMatch(/refuses connections .* Waiting for it\.\n$/);
  await using second = await served.serve({ port: first.port });
  expect(await waiting.ended).toMatchObject({ exitCode: 0, stdout: `${runId}  succeeded\n` });
  const collected = readReport(await served.run(["runs", "collect", "--all", ...printed], second.url));
  expect(collected.report).toMatchObject({ runId, outcome: "succeeded", branch: { name: "work" } });
  expect(await second.end("SIGTERM")).toBe(0);
  await expectTidy(world, collected);
  await expectServerTidy(world);
});

describe("a server that is told to stop while a task runs", () => {
  it("lets it end in the time there is, and the next one tells its client", async () => {
    await using served = await createServedWorld({ scenario: slow });
    const { world } = served;
    await using first = await served.serve();
    const running = served.start(argv, first.url);
    await served.hearModel(2);
    expect(await first.end("SIGTERM")).toBe(0);
    await using second = await served.serve({ port: first.port });
    const result = readReport(await running.ended);
    expect(result.report).toMatchObject({ outcome: "succeeded", warnings: [], branch: { name: "work" } });
    expect(await second.end("SIGTERM")).toBe(0);
    expect(second.log()).toBe("");
    await expectTidy(world, result);
    await expectServerTidy(world);
  });

  it("hands it back where there is no time, and the next one carries it to its end", async () => {
    await using served = await createServedWorld({ scenario: slow });
    const { world } = served;
    await using first = await served.serve({ argv: ["--quiet", "--drain-timeout", "100ms"] });
    const running = served.start(argv, first.url);
    await served.hearModel(2);
    expect(await first.end("SIGTERM")).toBe(0);
    await using second = await served.serve({ port: first.port });
    const result = readReport(await running.ended);
    expect(result.report).toMatchObject({ outcome: "succeeded", warnings: [], branch: { name: "work" } });
    const types = world.readEvents(result.report.runId).map(({ type }) => type);
    expect(types.filter((type) => type === "attempt.lost")).toHaveLength(1);
    expect(types.filter((type) => type === "agent.started")).toHaveLength(2);
    expect(await second.end("SIGTERM")).toBe(0);
    await expectTidy(world, result);
    await expectServerTidy(world);
  });
});

it("A server that is killed under a task leaves nothing to the next one but the task, which it carries to its end", async () => {
  await using served = await createServedWorld({ scenario: slow });
  const { world } = served;
  await using first = await served.serve();
  const running = served.start(argv, first.url);
  await served.hearModel(2);
  expect(await first.end("SIGKILL")).toBeNull();
  await using second = await served.serve({ port: first.port });
  const result = readReport(await running.ended);
  expect(result.report).toMatchObject({ outcome: "succeeded", warnings: [], branch: { name: "work" } });
  const types = world.readEvents(result.report.runId).map(({ type }) => type);
  expect(types.filter((type) => type === "attempt.lost")).toHaveLength(1);
  expect(types.filter((type) => type === "agent.started")).toHaveLength(2);
  expect(await second.end("SIGTERM")).toBe(0);
  await expectTidy(world, result);
  await expectServerTidy(world);
});

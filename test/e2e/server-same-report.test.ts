import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import { listEngineLeftovers } from "./tidy.ts";
import { startServe } from "../support/server-process.ts";
import { createWorld, listLeftovers } from "../support/world.ts";
import type { StoredEvent, World } from "../support/world.ts";

const files = {
  "package.json": '{ "type": "module" }\n',
  "greet.js": "export function greet(name) {\n  return `Hello, ${name}!`;\n}\n",
};

/** Ids, times and the mode: all that may differ between the two ways. */
function normalize({ branch, agent, ...report }: RunReport): unknown {
  const timings = Object.keys(report.timings).toSorted();
  const id = report.runId.slice(-6).toLowerCase();
  const fixed = { runId: "", executionMode: "", startedAt: "", endedAt: "", timings };
  return {
    ...report,
    ...fixed,
    agent: { ...agent, sessionId: typeof agent.sessionId },
    branch: branch === null ? null : { name: branch.name.replace(id, ""), head: "" },
  };
}

/**
 * In order, with what they say. But for those of the way to the server and back, which are the client's own, for the counts of tokens,
 * which come when the model's answer has been read, and for the output of tools, which names times and the directory of the work.
 */
function listTold(events: readonly StoredEvent[]): readonly unknown[] {
  return events
    .filter((event) => event.type !== "usage" && !isOfTheWay(event))
    .map(({ type, data: { text, name, phase, code, outcome, isError } }) => [
      type,
      { text, name, phase, code, outcome, isError },
    ]);
}

function isOfTheWay({ type, data }: StoredEvent): boolean {
  return type === "progress" && (data["phase"] === "push" || data["phase"] === "fetch");
}

interface Compared {
  readonly report: RunReport;
  readonly told: readonly unknown[];
  readonly stderr: string;
  readonly tree: string;
  readonly message: string;
}

async function runTask(world: World, argv: readonly string[] = []): Promise<Compared> {
  const { report, stderr, exitCode } = await world.runTask(["--task", "Greet the world", ...argv]);
  expect(exitCode).toBe(report.exitCode);
  const head = report.branch?.head ?? "HEAD";
  const tree = world.repository.git("rev-parse", `${head}^{tree}`);
  // With a server, the run that made the commit is the server's.
  const message = world.repository.git("log", "-1", "--format=%an %ae%n%B", head).replace(/Run: \w{26}$/m, "Run: ");
  return { report, told: listTold(world.readEvents(report.runId)), stderr, tree, message };
}

describe("a task through a server", () => {
  it.each(["demo", "no-changes", "unauthorized"])(
    "has the events, the report and the branch of one without: %s",
    async (scenario) => {
      await using world = await createWorld({ scenario, files });
      const alone = await runTask(world);
      await using server = await startServe(world, { argv: ["--quiet"] });
      const served = await runTask(world, ["--execution-mode", "server", "--server-url", server.url]);
      expect([alone.report.executionMode, served.report.executionMode]).toEqual(["cli", "server"]);
      const { report, ...rest } = alone;
      expect(served).toEqual({ ...rest, report: served.report });
      expect(normalize(served.report)).toEqual(normalize(report));
      expect(await server.end("SIGTERM")).toBe(0);
      expect(listLeftovers(world)).toEqual([]);
    },
  );
});

it("the demo with a server prints what the one without prints, and leaves nothing running", async () => {
  await using world = await createWorld({ scenario: "demo" });
  const reports: unknown[] = [];
  for (const argv of [[], ["--server"], ["--server"]]) {
    const { exitCode, stdout, stderr } = await world.run(["demo", ...argv, "--output", "json", "--quiet"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = runReportSchema.parse(JSON.parse(stdout));
    expect(report.executionMode).toBe(argv.length > 0 ? "server" : "cli");
    // The repository is made anew each time, and so its commit.
    const base = { ...report.repository.base, sha: "" };
    reports.push(normalize({ ...report, repository: { ...report.repository, base } }));
    expect(await listEngineLeftovers(report.runId)).toEqual([]);
    expect(listLeftovers(world)).toEqual([]);
  }
  const [alone, ...served] = reports;
  expect(served).toEqual([alone, alone]);
});

it.each([
  ["once", ["SIGINT"]],
  ["twice", ["SIGINT", "SIGTERM"]],
] as const)("the demo with a server that is interrupted %s leaves nothing running", async (_times, signals) => {
  await using world = await createWorld({ scenario: "hang" });
  const running = world.start(["demo", "--server", "--output", "json", "--quiet"]);
  while (!world.model.requests.some(({ mainLoop }) => mainLoop)) await sleep(20);
  for (const signal of signals) running.process.kill(signal);
  const { exitCode, stdout } = await running.ended;
  expect([130, 143]).toContain(exitCode);
  expect(runReportSchema.parse(JSON.parse(stdout))).toMatchObject({ outcome: "cancelled", executionMode: "server" });
  const runs = readdirSync(join(world.stateDirectory, "demo/server/runs"));
  expect(runs).toHaveLength(1);
  expect(await listEngineLeftovers(runs[0] ?? "")).toEqual([]);
  expect(listLeftovers(world)).toEqual([]);
});

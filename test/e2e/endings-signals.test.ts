import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openEngine } from "../support/engine.ts";
import { makeDirectory } from "../support/repository.ts";
import { createWorld, listLeftovers, listRuns } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { bash, callHome, expectTidy, hang, listEngineLeftovers, readReport, write } from "./tidy.ts";

const argv = ["--task", "Write it", "--branch", "work", "--output", "json", "--quiet"];
const scenario = { steps: [write("partial.txt"), hang] };

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

const hasWritten = (world: World) => (): boolean => world.model.requests.filter(({ mainLoop }) => mainLoop).length >= 2;

const hasEvent =
  (world: World, type: string, data = "") =>
  (): boolean => {
    const files = listRuns(world).map((id) => join(world.stateDirectory, "runs", id, "events.ndjson"));
    return files.some(
      (file) => existsSync(file) && readFileSync(file, "utf8").includes(`"type":"${type}","data":{${data}`),
    );
  };

/** An engine that takes requests and never answers. */
async function listenSilently(socket: string) {
  let asked = false;
  const server = createServer((connection) => connection.on("data", () => (asked = true)).on("error", () => undefined));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { isAsked: () => asked, [Symbol.asyncDispose]: async () => void server.close() };
}

describe("one signal", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s while the agent works stops it and keeps the partial work: exit code %i", async (signal, code) => {
    await using world = await createWorld({ scenario });
    const running = world.start(argv);
    await until(hasWritten(world));
    running.process.kill(signal);
    const result = readReport(await running.ended);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "cancelled", exitCode: code, reason: { code: "CANCELLED" } });
    expect(world.repository.git("show", "work:partial.txt")).toBe("partial work");
  });

  it("while the engine does not answer ends as cancelled, without waiting for it", async () => {
    using directory = makeDirectory("aw-");
    const socket = join(directory.path, "engine.sock");
    await using silent = await listenSilently(socket);
    await using world = await createWorld({ environment: { DOCKER_HOST: `unix://${socket}` } });
    const running = world.start(argv);
    await until(hasEvent(world, "run.started"));
    await until(() => silent.isAsked());
    running.process.kill("SIGINT");
    const ended = await Promise.race([running.ended, sleep(10_000)]);
    running.process.kill("SIGKILL");
    expect(ended?.exitCode).toBe(130);
  });

  it("before there is a container ends as cancelled, with nothing left", async () => {
    await using world = await createWorld({ scenario: { steps: [hang] } });
    const running = world.start(argv);
    await until(hasEvent(world, "run.started"));
    running.process.kill("SIGINT");
    const result = readReport(await running.ended);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "cancelled", exitCode: 130, branch: null });
  });

  it("while the work is brought in lets it come in", async () => {
    await using world = await createWorld();
    const running = world.start(argv);
    await until(hasEvent(world, "progress", '"phase":"import"'));
    running.process.kill("SIGTERM");
    const result = readReport(await running.ended);
    await expectTidy(world, result);
    expect(result.report.branch).not.toBeNull();
    expect(world.repository.git("show", "work:hello.txt")).toBe("Hello from the agent.");
  });

  it.each(["rev-parse", "update-ref"])("while git is at %s leaves neither a branch nor a run", async (command) => {
    using directory = makeDirectory();
    await using world = await createWorld({ scenario });
    const git = join(directory.path, "git");
    const PATH = world.environment["PATH"] ?? "";
    const signal = `case " $* " in *" ${command} "*) kill -INT $PPID;; esac`;
    writeFileSync(git, `#!/bin/sh\nPATH='${PATH}'\n${signal}\nexec git "$@"\n`);
    chmodSync(git, 0o755);
    const result = await world.run(argv, { environment: { PATH: `${directory.path}:${PATH}` } });
    expect([result.exitCode, result.stderr]).toEqual([130, ""]);
    expect(world.repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    expect(listLeftovers(world)).toEqual([]);
    expect(listRuns(world)).toEqual([]);
  });
});

describe("a second signal", () => {
  it("gives up the work of an agent that does not stop, and removes its container", async () => {
    // A stopped process does not act on TERM.
    const stop = bash(`kill -STOP $PPID; ${callHome}; sleep 100`);
    await using world = await createWorld({ scenario: { steps: [write("partial.txt"), stop] } });
    const running = world.start(argv);
    await until(() => world.model.requests.some(({ body }) => JSON.stringify([body]).includes("called home")));
    // Two different ones: two of a kind at once may come as one.
    running.process.kill("SIGINT");
    running.process.kill("SIGTERM");
    const result = readReport(await running.ended);
    await expectTidy(world, result);
    expect(result.report).toMatchObject({ outcome: "cancelled", branch: null });
    expect([130, 143]).toContain(result.exitCode);
    expect(result.report.reason?.message).toContain("given up");
    expect(result.report.warnings).toEqual([]);
  });
});

describe("a kill -9 of agent-worker", () => {
  it("stops the agent inside, shows in runs list, and runs clean removes all that was left", async () => {
    await using world = await createWorld({ scenario });
    const running = world.start(argv);
    await until(hasWritten(world));
    running.process.kill("SIGKILL");
    await running.ended;
    const [runId = ""] = readdirSync(join(world.stateDirectory, "runs"));
    await using engine = await openEngine();
    const filters = { label: [`agent-worker.run=${runId}`] };
    const [container] = await engine.docker.listContainers({ all: true, filters });
    const handle = engine.docker.getContainer(container?.Id ?? "");
    await handle.wait();
    const { Mounts: mounts } = await handle.inspect();
    const volume = mounts.find(({ Type }) => Type === "volume")?.Name ?? "";
    expect(volume).not.toBe("");

    const listed = JSON.parse((await world.run(["runs", "list", "--json"])).stdout);
    expect(listed).toMatchObject([{ runId, state: "killed" }]);
    expect(world.repository.git("branch", "--list", "work")).toContain("work");
    expect(listLeftovers(world)).toHaveLength(1);

    const cleaned = await world.run(["runs", "clean"]);
    expect([cleaned.exitCode, cleaned.stderr]).toEqual([0, ""]);
    expect(await listEngineLeftovers(runId)).toEqual([]);
    await expect(engine.docker.getVolume(volume).inspect()).rejects.toThrow(/no such volume/i);
    expect(listLeftovers(world)).toEqual([]);
    expect(world.repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    expect((await world.run(["runs", "clean"])).stderr).toContain("nothing to clean up");
  });
});

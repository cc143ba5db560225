import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openEngine } from "../support/engine.ts";
import type { RecordedRequest } from "../support/model/server.ts";
import { openRealServer } from "../support/real-server.ts";
import { canaryKey, createWorld, listLeftovers } from "../support/world.ts";
import type { World } from "../support/world.ts";

const files = {
  "CLAUDE.md": "Always be kind to otters.\n",
  "README.md": "# A project\n",
  "src/a.txt": "a\n",
};

/** The first request of each conversation, without what names the conversation, the machine's port, and the times. */
function readFirstRequests({ model }: World): readonly unknown[] {
  const seen = new Set<unknown>();
  return model.requests.flatMap((request) => {
    const session = request.headers["x-claude-code-session-id"];
    if (!request.mainLoop || seen.has(session)) return [];
    seen.add(session);
    return [normalise(request)];
  });
}

function normalise({ method, path, headers, body }: RecordedRequest): unknown {
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  const text = JSON.stringify({ method, path, headers, body })
    .replace(uuid, "<id>")
    .replace(/("user_id":"[^}]*?device_id[^}]*?)[0-9a-f]{64}/, "$1<device>");
  return JSON.parse(text) as unknown;
}

describe("an agent that waits for a task", () => {
  it("sends the model the first request of one that was started for it, project and git facts included", async () => {
    await using world = await createWorld({ files });
    await using server = await openRealServer(world, { "--warm": "1" });
    const base = await server.push();
    await server.waiting(1);
    const warm = await server.run(base);
    expect(warm).toMatchObject({ isWarm: true, task: { state: "succeeded" } });
    await server.drain();
    await using other = await openRealServer(world, { "--data-dir": join(world.stateDirectory, "other") });
    await other.push();
    const cold = await other.run(base);
    expect(cold).toMatchObject({ isWarm: false, task: { state: "succeeded" } });
    const [first, second, ...rest] = readFirstRequests(world);
    expect(rest).toEqual([]);
    expect(first).toEqual(second);
    const said = JSON.stringify(first);
    expect(said).toContain("Always be kind to otters.");
    expect(said).toContain("Current branch: agent/task");
    expect(said).toContain("/workspace/app");
    expect(said).toContain(world.repository.git("log", "-1", "--format=%h %s"));
    expect(said).toContain("Write hello");
    expect(JSON.stringify(warm.events)).not.toContain(canaryKey);
  });

  it("is there once: the next task finds the one that was made after the first", async () => {
    await using world = await createWorld();
    await using server = await openRealServer(world, { "--warm": "1" });
    const base = await server.push();
    await server.waiting(1);
    const [one] = await server.listContainers();
    const first = await server.run(base);
    await server.waiting(1);
    const [another] = await server.listContainers();
    expect(another).not.toBe(one);
    const second = await server.run(base);
    expect([first.isWarm, second.isWarm]).toEqual([true, true]);
    expect(first.session).not.toBe(second.session);
    const metrics = await (await server.request("/metrics")).text();
    expect(metrics).toMatch(/first_event_seconds_count\{warm="true"\} 2/);
  });

  it.each([
    ["another model", { model: "claude-haiku-5-5" }],
    ["a limit of turns", { limits: { turns: 7 } }],
    ["a limit of cost", { limits: { costUsd: 7 } }],
  ])("is left alone by a task with %s", async (_, request) => {
    await using world = await createWorld();
    await using server = await openRealServer(world, { "--warm": "2" });
    const base = await server.push();
    await server.waiting(1);
    expect(await server.run(base, request)).toMatchObject({ isWarm: false, task: { state: "succeeded" } });
    // And the next one like it finds its own.
    await server.waiting(2);
    expect(await server.run(base, request)).toMatchObject({ isWarm: true, task: { state: "succeeded" } });
  });

  it("is left alone by a task on another commit; of more than may wait the oldest goes", async () => {
    await using world = await createWorld();
    await using server = await openRealServer(world, { "--warm": "1" });
    const old = await server.push();
    await server.waiting(1);
    const [first] = await server.listContainers();
    world.repository.git("commit", "--allow-empty", "-m", "another");
    const base = await server.push();
    expect(await server.run(base)).toMatchObject({ task: { state: "succeeded", base } });
    await server.waiting(1);
    expect(await server.listContainers()).toEqual([expect.not.stringMatching(first ?? "none")]);
    expect(await server.run(old)).toMatchObject({ isWarm: false, task: { state: "succeeded", base: old } });
  });

  it.each([
    ["its container is", (id: string) => killContainer(id)],
    ["the agent CLI is", (id: string) => killAgent(id)],
  ])("is not missed where %s killed: the task starts one", async (_, kill) => {
    await using world = await createWorld();
    await using server = await openRealServer(world, { "--warm": "1" });
    const base = await server.push();
    await server.waiting(1);
    const [id = ""] = await server.listContainers();
    await kill(id);
    await server.waiting(0);
    expect(await server.run(base)).toMatchObject({ isWarm: false, task: { state: "succeeded" } });
  });

  it("has no way to the model before there is a task: what tries all the same is told and removed", async () => {
    const ask = 'fetch(process.env.ANTHROPIC_BASE_URL + "/v1/models").then(() => 0, () => 0)';
    const hooks = { SessionStart: [{ hooks: [{ type: "command", command: `node -e '${ask}'` }] }] };
    await using world = await createWorld({ files: { ".claude/settings.json": JSON.stringify({ hooks }) } });
    await using server = await openRealServer(world, { "--warm": "1" });
    const base = await server.push();
    while (!server.log.some((line) => line.includes("it asked for GET /v1/models"))) await sleep(20);
    await server.waiting(0);
    expect(world.model.requests).toEqual([]);
    expect(await server.run(base)).toMatchObject({ isWarm: false, task: { state: "succeeded" } });
    expect(world.model.requests.map(({ path }) => path)).toContain("/v1/models");
  });

  it("is gone with its container, sockets and record after a drain", async () => {
    await using world = await createWorld();
    await using server = await openRealServer(world, { "--warm": "1" });
    await server.push();
    await server.waiting(1);
    expect(await server.listContainers()).toHaveLength(1);
    await server.drain();
    expect(await server.listContainers()).toEqual([]);
    expect(listLeftovers(world)).toEqual([]);
    expect(readdirSync(join(server.dataDirectory, "runs"))).toEqual([]);
  });
});

async function killContainer(id: string): Promise<void> {
  await using engine = await openEngine();
  await engine.docker.getContainer(id).kill();
}

async function killAgent(id: string): Promise<void> {
  await using engine = await openEngine();
  // A pattern that does not find itself.
  const script = 'for p in /proc/[0-9]*; do grep -aq "[s]tream-json" $p/cmdline && kill -9 ${p#/proc/}; done';
  const exec = await engine.docker.getContainer(id).exec({ Cmd: ["bash", "-c", script] });
  await exec.start({ Detach: true });
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { healthSchema } from "../../src/protocol/server-info.ts";
import { listContainers } from "../support/real-server.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { startServe } from "../support/server-process.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { createWorld, listLeftovers } from "../support/world.ts";
import type { World } from "../support/world.ts";

const options = { argv: ["--warm", "1", "--quiet"] };

async function pushAndWait({ url }: ServerProcess, world: World): Promise<void> {
  const base = world.repository.git("rev-parse", "HEAD");
  const remote = `${url}/api/v1/repositories/app.git`;
  const pushed = await runRemoteGit(world.repository.path, ["push", remote, `HEAD:refs/inbox/${base}`]);
  expect(pushed).toMatchObject({ exitCode: 0 });
  for (;;) {
    const { warm } = healthSchema.parse(await (await fetch(`${url}/health`)).json());
    if (warm.ready === 1) return;
    await sleep(20);
  }
}

const listRuns = (world: World): readonly string[] => readdirSync(join(world.stateDirectory, "server/runs"));

it("A server that is told to stop takes the agent that waits with it", async () => {
  await using world = await createWorld();
  await using server = await startServe(world, options);
  await pushAndWait(server, world);
  expect(await listContainers(world)).toHaveLength(1);
  expect(await server.end("SIGTERM")).toBe(0);
  expect(await listContainers(world)).toEqual([]);
  expect([listLeftovers(world), listRuns(world)]).toEqual([[], []]);
});

it("What waited when a server was killed is gone when it has been started again", async () => {
  await using world = await createWorld();
  await using killed = await startServe(world, options);
  await pushAndWait(killed, world);
  await killed.end("SIGKILL");
  expect(await listContainers(world)).toHaveLength(1);
  await using server = await startServe(world, options);
  while (listRuns(world).length > 0) await sleep(20);
  expect(await listContainers(world)).toEqual([]);
  expect(await server.end("SIGTERM")).toBe(0);
  expect(listLeftovers(world)).toEqual([]);
});

import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";
import type { Runner } from "../../../src/core/runner.ts";
import { buildRunner } from "../../../src/wire.ts";
import { expectWhole, openDispatchWorld } from "../../support/dispatch-world.ts";
import type { DispatchWorld } from "../../support/dispatch-world.ts";
import { openEngine } from "../../support/engine.ts";
import { canaryKey, createWorld, listLeftovers } from "../../support/world.ts";
import type { World } from "../../support/world.ts";

/** The Runner of cli mode over the server's own repository, as wire.ts builds it. */
async function buildRealRunner(world: World, { dataDirectory }: DispatchWorld): Promise<Runner> {
  const { environment } = world;
  const { config } = await loadConfig({ flags: new Map(), environment, workingDirectory: tmpdir() });
  return buildRunner({ ...config, directories: { ...config.directories, state: dataDirectory } }, environment);
}

async function countContainers(world: DispatchWorld, id: string): Promise<number> {
  const runIds = new Set((await world.readEvents(id)).map(({ runId }) => runId));
  await using engine = await openEngine();
  const label = [...runIds].map((runId) => `agent-worker.run=${runId}`);
  const found = await Promise.all(
    label.map((name) => engine.docker.listContainers({ all: true, filters: { label: [name] } })),
  );
  return found.flat().length;
}

describe("a task in a container", () => {
  it("ends with its work under refs/tasks, and leaves no container, socket or credential", async () => {
    await using given = await createWorld();
    await using world = await openDispatchWorld();
    const runner = await buildRealRunner(given, world);
    const dispatcher = await world.start(async () => undefined, { runner });
    const { id } = await world.submit();
    const task = await world.end(id);
    expect(task).toMatchObject({ state: "succeeded", outcome: "succeeded", base: world.base });
    const [commit = "", parents = ""] = world.git("rev-list", "--parents", "-1", `refs/tasks/${id}`).split(" ");
    expect([commit, parents]).toEqual([task.commit, world.base]);
    await dispatcher.drain(60_000);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`, `refs/tasks/${id}`]);
    expect(listLeftovers(given)).toEqual([]);
    expect(await countContainers(world, id)).toBe(0);
    await expectWhole(world.store, id);
    const events = await world.readEvents(id);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["run.started", "workspace.ready", "agent.started", "message", "complete"]),
    );
    const told = JSON.stringify([events, await world.store.readReport(id), task]);
    expect(told).not.toContain(canaryKey);
    expect(told).not.toContain(world.dataDirectory);
  });

  it("that is interrupted stops it", async () => {
    await using given = await createWorld({ scenario: "hang" });
    await using world = await openDispatchWorld();
    const runner = await buildRealRunner(given, world);
    const dispatcher = await world.start(async () => undefined, { runner });
    const { id } = await world.submit();
    await world.reach(id, "running");
    await world.store.interrupt(id, "graceful");
    dispatcher.wake(id);
    expect(await world.end(id)).toMatchObject({ state: "cancelled", outcome: "cancelled" });
    await dispatcher.drain(60_000);
    expect(await countContainers(world, id)).toBe(0);
    await expectWhole(world.store, id);
  });

  it("whose claim is lost removes it at once", async () => {
    await using given = await createWorld({ scenario: "hang" });
    await using world = await openDispatchWorld();
    const runner = await buildRealRunner(given, world);
    const dispatcher = await world.start(async () => undefined, { runner });
    const { id } = await world.submit({ onLost: "fail" });
    await world.reach(id, "running");
    await world.store.sweep(Number.MAX_SAFE_INTEGER);
    dispatcher.wake(id);
    await dispatcher.drain(60_000);
    expect((await world.store.read(id))?.state).toBe("lost");
    expect(await countContainers(world, id)).toBe(0);
    expect(listLeftovers(given)).toEqual([]);
    expect(world.refs()).toEqual([`refs/inbox/${world.base}`]);
    await expectWhole(world.store, id);
  });
});

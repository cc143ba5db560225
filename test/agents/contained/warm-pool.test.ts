import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createWarmPool } from "../../../src/agents/contained/warm/warm-pool.ts";
import type { WarmPool, WarmPoolParts } from "../../../src/agents/contained/warm/warm-pool.ts";
import { loadAgentCli } from "../../../src/agents/table.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { openStore } from "../../../src/store/store.ts";
import { buildContainedSettings } from "../../../src/wire.ts";
import { openWaitingPlace } from "../../../src/worker/warm-place.ts";
import { listContainers } from "../../support/real-server.ts";
import { gitSettings } from "../../support/repository.ts";
import { createWorld, listLeftovers } from "../../support/world.ts";
import type { World } from "../../support/world.ts";

const limits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 1_000 };

interface Opened {
  readonly pool: WarmPool;
  readonly told: readonly string[];
  readonly wish: (base?: string) => void;
}

async function openPool(world: World, parts: Partial<WarmPoolParts> = {}): Promise<Opened> {
  const { environment, repository, runtimeDirectory, stateDirectory } = world;
  const { config } = await loadConfig({ flags: new Map(), environment, workingDirectory: stateDirectory });
  const store = openStore(stateDirectory);
  const told: string[] = [];
  const tell = (_: object, text: string): void => void told.push(text);
  const pool = createWarmPool({
    limit: 1,
    maxAgeMs: 1_000_000,
    settings: { ...buildContainedSettings(config, environment), branchInside: "agent/task" },
    git: gitSettings,
    loadCli: loadAgentCli,
    openPlace: (opened) => openWaitingPlace(store, runtimeDirectory, opened),
    log: { info: tell, warn: tell },
    ...parts,
  });
  return {
    pool,
    told,
    wish: (base = repository.git("rev-parse", "HEAD")) =>
      pool.prepare({ repository: repository.path, base, agent: "claude", task: { model: undefined, limits } }),
  };
}

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isThere())) await sleep(20);
}

it("an agent that has waited for too long goes, with its container", async () => {
  await using world = await createWorld();
  const { pool, told, wish } = await openPool(world, { maxAgeMs: 3_000 });
  await using _ = pool;
  wish();
  await until(() => told.includes("an agent waits for a task"));
  await until(async () => (await listContainers(world)).length === 0);
  expect(pool.status()).toEqual({ ready: 0, limit: 1 });
});

it("what is wished for while one gets ready is not made twice, and what is left of it when all ends is nothing", async () => {
  await using world = await createWorld();
  const { pool, wish } = await openPool(world, { limit: 3 });
  wish();
  wish();
  await until(() => pool.status().ready === 1);
  wish();
  await pool[Symbol.asyncDispose]();
  wish();
  expect(pool.status()).toEqual({ ready: 0, limit: 3 });
  expect(await listContainers(world)).toEqual([]);
  expect(listLeftovers(world)).toEqual([]);
});

it("an end while one gets ready leaves nothing of it", async () => {
  await using world = await createWorld();
  const { pool, wish } = await openPool(world);
  wish();
  await until(async () => (await listContainers(world)).length === 1);
  await pool[Symbol.asyncDispose]();
  expect(await listContainers(world)).toEqual([]);
  expect(listLeftovers(world)).toEqual([]);
});

it("a commit that is not there is told in the log, and leaves nothing", async () => {
  await using world = await createWorld();
  const { pool, told, wish } = await openPool(world);
  await using _ = pool;
  wish("1".repeat(40));
  await until(() => told.includes("no agent can be made to wait for a task"));
  await until(async () => (await listContainers(world)).length === 0);
  expect(listLeftovers(world)).toEqual([]);
});

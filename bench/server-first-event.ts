import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { healthSchema } from "../src/protocol/server-info.ts";
import { taskResourceSchema } from "../src/protocol/task-resource.ts";
import { createWorld } from "../test/support/world.ts";
import type { World } from "../test/support/world.ts";
import { openFloor, prompt } from "./support/floor-run.ts";
import { ensureProductImage, openMachineEngine } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { runProcess } from "./support/run-process.ts";

/**
 * From the request that hands a task to the server until its client has the agent's first event: cold against `docker run` of the same
 * agent CLI to its first line, and warm against cold.
 */
export const serverFirstEvent: Bench = {
  rows: ["server-first-event", "server-first-event-warm"],
  async measure({ runs = 11, log }) {
    await using engine = await openMachineEngine();
    const image = await ensureProductImage(engine, log);
    await using world = await createWorld({ scenario: "write-file" });
    await using floor = await openFloor(engine, image.id, world.repository.path);
    await using coldServer = await startServer(world, 0);
    await using warmServer = await startServer(world, 1);
    const byHand: number[] = [];
    const cold: number[] = [];
    const warm: number[] = [];
    // The first ones load the program, and let an agent wait for the next.
    for (let run = -2; run < runs; run += 1) {
      const figures = [
        (await floor.run()).firstOutputMs,
        await coldServer.measure(),
        await warmServer.measure(),
      ] as const;
      if (run < 0) continue;
      for (const [index, list] of [byHand, cold, warm].entries()) list.push(figures[index] ?? Number.NaN);
    }
    return [
      buildRow("server-first-event", { unit: "ms", goal: 1.3, ours: cold, floor: byHand }),
      buildRow("server-first-event-warm", { unit: "ms", goal: 0.25, ours: warm, floor: cold }),
    ];
  },
};

interface MeasuredServer extends AsyncDisposable {
  measure(): Promise<number>;
}

async function startServer(world: World, warm: number): Promise<MeasuredServer> {
  const flags = ["--port", "0", "--quiet", "--warm", String(warm), "--data-dir", join(world.stateDirectory, `${warm}`)];
  const { process: server, ended } = world.start(["serve", ...flags]);
  if (server.stdout === null) throw new Error("no pipe");
  const [line] = await once(createInterface(server.stdout), "line");
  const url = String(line).split(" ").at(-1) ?? "";
  const base = world.repository.git("rev-parse", "HEAD");
  const remote = `${url}/api/v1/repositories/app.git`;
  await runProcess("git", ["push", "--quiet", remote, `HEAD:refs/inbox/${base}`], { cwd: world.repository.path });
  return {
    async measure() {
      await untilWarm(url, warm);
      const ms = await submit(url, base);
      // What comes next must not meet an agent that gets ready.
      await untilWarm(url, warm);
      return ms;
    },
    async [Symbol.asyncDispose]() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

/** Milliseconds until the client has `agent.started`; returns when the task has ended. */
async function submit(url: string, base: string): Promise<number> {
  const begin = performance.now();
  const answer = await fetch(`${url}/api/v1/tasks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ task: prompt, repository: { key: "app", base } }),
  });
  const { id } = taskResourceSchema.parse(await answer.json());
  const { body } = await fetch(`${url}/api/v1/tasks/${id}/events`, { headers: { Accept: "application/x-ndjson" } });
  if (body === null) throw new Error("no events");
  let ms: number | undefined;
  for await (const event of createInterface(Readable.fromWeb(body))) {
    if (event.includes('"agent.started"')) ms ??= performance.now() - begin;
  }
  if (ms === undefined) throw new Error("the agent has not started");
  return ms;
}

async function untilWarm(url: string, count: number): Promise<void> {
  for (;;) {
    const health = healthSchema.parse(await (await fetch(`${url}/health`)).json());
    if (health.warm.ready === count && health.active === 0) return;
    await sleep(20);
  }
}

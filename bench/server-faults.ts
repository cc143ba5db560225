import { taskResourceSchema } from "../src/protocol/task-resource.ts";
import type { TaskResource } from "../src/protocol/task-resource.ts";
import { countFaults, runChaos } from "../test/support/chaos.ts";
import { startServe } from "../test/support/server-process.ts";
import { createWorld } from "../test/support/world.ts";
import { ensureProductImage, openMachineEngine } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { runProcess } from "./support/run-process.ts";

/**
 * `agent-worker serve` is killed while a task runs in its container; from the start of the next one until the task is running
 * again, with its container and workspace. The goal is what the lease allows for.
 */
export const serverRecovery: Bench = {
  rows: ["server-recovery"],
  async measure({ runs = 5, log }) {
    await using engine = await openMachineEngine();
    await ensureProductImage(engine, log);
    const ours: number[] = [];
    for (let run = 0; run < runs; run += 1) ours.push(await measureRecovery());
    return [buildRow("server-recovery", { unit: "ms", goal: 40_000, ours })];
  },
};

async function measureRecovery(): Promise<number> {
  await using world = await createWorld({ scenario: "hang" });
  const base = world.repository.git("rev-parse", "HEAD");
  await using first = await startServe(world, { argv: ["--quiet"] });
  const remote = `${first.url}/api/v1/repositories/app.git`;
  await runProcess("git", ["push", "--quiet", remote, `HEAD:refs/inbox/${base}`], { cwd: world.repository.path });
  const answer = await fetch(`${first.url}/api/v1/tasks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ task: "Hang", repository: { key: "app", base } }),
  });
  const { id } = taskResourceSchema.parse(await answer.json());
  await untilRunning(`${first.url}/api/v1/tasks/${id}`, 1);
  await first.end("SIGKILL");
  const begin = performance.now();
  await using second = await startServe(world, { argv: ["--quiet"] });
  await untilRunning(`${second.url}/api/v1/tasks/${id}`, 2);
  const ms = performance.now() - begin;
  await fetch(`${second.url}/api/v1/tasks/${id}/interrupt`, { method: "POST" });
  while ((await readTask(`${second.url}/api/v1/tasks/${id}?wait=10s`)).endedAt === null);
  await second.end("SIGTERM");
  return ms;
}

async function untilRunning(url: string, attempt: number): Promise<void> {
  for (let task = await readTask(url); task.state !== "running" || task.attempt !== attempt;) {
    task = await readTask(`${url}?wait=1s`);
    if (task.endedAt !== null) throw new Error(`the task has ended: ${task.state}`);
  }
}

async function readTask(url: string): Promise<TaskResource> {
  return taskResourceSchema.parse(await (await fetch(url)).json());
}

/** A server that is killed twenty times while three clients give it tasks and follow them: events that they missed, or had twice. */
export const serverChaos: Bench = {
  rows: ["server-chaos-lost", "server-chaos-doubled"],
  async measure({ runs = 1 }) {
    const lost: number[] = [];
    const doubled: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { tasks } = await runChaos({ kills: 20, seed: run + 1, clients: 3 });
      const faults = countFaults(tasks);
      lost.push(faults.lost);
      doubled.push(faults.doubled);
    }
    return [
      buildRow("server-chaos-lost", { unit: "events", goal: 0, ours: lost }),
      buildRow("server-chaos-doubled", { unit: "events", goal: 0, ours: doubled }),
    ];
  },
};

import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claudeCli } from "../src/agents/claude/claude-cli.ts";
import { chooseContainerUser, readCaller } from "../src/agents/contained/container-user.ts";
import { buildContainerOptions } from "../src/container/container-profile.ts";
import type { ContainerSpec } from "../src/container/container-profile.ts";
import type { Engine } from "../src/container/engine.ts";
import { readHostMapping } from "../src/container/host-mapping.ts";
import { startScriptedModel } from "../test/support/model/server.ts";
import { createWorld } from "../test/support/world.ts";
import { alternate } from "./support/alternate.ts";
import { ensureProductImage, loadMachineConfig, openMachineEngine, root } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { buildRunFlags } from "./support/run-flags.ts";
import { runProcess } from "./support/run-process.ts";

const prompt = "Write hello";
const port = 8765;

/** A whole task, process start to process end, against the same agent CLI in the same container, started by hand. */
export const wholeTask: Bench = {
  rows: ["whole-task"],
  async measure({ runs = 15, log }) {
    await using engine = await openMachineEngine();
    const image = await ensureProductImage(engine, log);
    await using world = await createWorld({ scenario: "write-file" });
    await using floor = await openFloor(engine, image.id, world.repository.path);
    const figures = await alternate({
      runs,
      warmUps: 2,
      async ours() {
        const begin = performance.now();
        const { report } = await world.runTask(["--task", prompt]);
        const ms = performance.now() - begin;
        if (report.outcome !== "succeeded") throw new Error(`${report.outcome}: ${report.reason?.message}`);
        return ms;
      },
      floor: () => floor.run(),
    });
    return [buildRow("whole-task", { unit: "ms", goal: 1.15, ...figures })];
  },
};

export interface Floor extends AsyncDisposable {
  /** Milliseconds of `docker run`; the clone it works in is made before and removed after. */
  run(): Promise<number>;
}

/** Sets up what a person needs who does without agent-worker: a model on a socket, a forwarder, a plain clone. */
async function openFloor(engine: Engine, imageId: string, repository: string): Promise<Floor> {
  const directory = mkdtempSync(join(tmpdir(), "aw-floor-"));
  const sockets = join(directory, "run");
  mkdirSync(sockets, { mode: 0o755 });
  const socketPath = join(sockets, "gateway.sock");
  const scenario = join(root, "test/support/model/scenarios/write-file.json");
  const model = await startScriptedModel(scenario, { socketPath });
  chmodSync(socketPath, 0o666);
  chmodSync(directory, 0o755);
  const spec = await buildSpec(engine, imageId, sockets);
  const clone = join(directory, "clone");
  const flags = buildRunFlags(buildContainerOptions(spec), clone);
  const [file = "", ...args] = spec.command;
  return {
    async run() {
      await runProcess("git", ["clone", "--quiet", "--no-local", repository, clone]);
      await handOver(clone, spec.user);
      const command = [...flags, "--entrypoint", file, imageId, ...args];
      const { ms } = await runProcess("docker", command, { stdin: prompt, environment: process.env });
      if (!existsSync(join(clone, "hello.txt"))) throw new Error("the floor's agent did not do its task");
      rmSync(clone, { recursive: true });
      return ms;
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The product's own profile, limits, user and mounts; only the program inside is another one. */
async function buildSpec(engine: Engine, image: string, sockets: string): Promise<ContainerSpec> {
  const { cpus, memoryBytes, pids } = (await loadMachineConfig()).container;
  const limits = { maxTurns: undefined, maxCostUsd: undefined, timeoutMs: 60_000 };
  const task = {
    runId: "floor",
    prompt: Buffer.from(prompt),
    title: prompt,
    agent: "claude",
    model: undefined,
    limits,
  };
  const { argv, environment } = claudeCli.buildCommand(task, "api-key");
  const caller = readCaller();
  const mapping = await readHostMapping(engine, caller.uid, AbortSignal.timeout(60_000));
  const forward = `node /opt/agent-worker/entry/forward.mjs ${port} /opt/agent-worker/run/gateway.sock`;
  return {
    image,
    command: ["sh", "-c", `${forward} & exec ${argv.join(" ")}`],
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replace("{modelPort}", String(port))]),
    ),
    labels: { bench: "floor" },
    mounts: [
      { source: join(root, "bench/floor"), target: "/opt/agent-worker/entry" },
      { source: sockets, target: "/opt/agent-worker/run" },
    ],
    relabel: mapping.needsLabels,
    user: chooseContainerUser(caller, mapping),
    limits: { cpus, memoryBytes, pids },
  };
}

/** The container's user must be able to write the clone. */
async function handOver(clone: string, { uid, gid }: ContainerSpec["user"]): Promise<void> {
  if (process.getuid?.() === uid) return;
  await runProcess("chown", ["-R", `${uid}:${gid}`, clone]);
}

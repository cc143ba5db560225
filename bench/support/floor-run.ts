import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claudeCli } from "../../src/agents/claude/claude-cli.ts";
import { chooseContainerUser, readCaller } from "../../src/agents/contained/container-user.ts";
import { buildContainerOptions } from "../../src/container/container-profile.ts";
import type { ContainerSpec } from "../../src/container/container-profile.ts";
import type { Engine } from "../../src/container/engine.ts";
import { readHostMapping } from "../../src/container/host-mapping.ts";
import { startScriptedModel } from "../../test/support/model/server.ts";
import { loadMachineConfig, root } from "./product.ts";
import { buildRunFlags } from "./run-flags.ts";
import { runProcess } from "./run-process.ts";

export const prompt = "Write hello";
const port = 8765;
const anyConversation = "00000000-0000-4000-8000-000000000000";

export interface Floor extends AsyncDisposable {
  /** Milliseconds of `docker run`, and to the first line of the agent CLI; the clone it works in is made before and removed after. */
  run(): Promise<{ readonly ms: number; readonly firstOutputMs: number }>;
}

/** Sets up what a person needs who does without agent-worker: a model on a socket, a forwarder, a plain clone. */
export async function openFloor(engine: Engine, imageId: string, repository: string): Promise<Floor> {
  const directory = mkdtempSync(join(tmpdir(), "aw-floor-"));
  const sockets = join(directory, "run");
  mkdirSync(sockets, { mode: 0o755 });
  const socketPath = join(sockets, "gateway.sock");
  const scenario = join(root, "test/support/model/scenarios/write-file.json");
  const model = await startScriptedModel(scenario, { socketPath });
  chmodSync(socketPath, 0o666);
  chmodSync(directory, 0o755);
  const { spec, input } = await buildSpec(engine, imageId, sockets);
  const clone = join(directory, "clone");
  const flags = buildRunFlags(buildContainerOptions(spec), clone);
  const [file = "", ...args] = spec.command;
  return {
    async run() {
      await runProcess("git", ["clone", "--quiet", "--no-local", repository, clone]);
      await handOver(clone, spec.user);
      // Each run is a conversation of its own, for the model too.
      const own = args.map((text) => text.replace(anyConversation, randomUUID()));
      const command = [...flags, "--entrypoint", file, imageId, ...own];
      const { ms, firstOutputMs } = await runProcess("docker", command, { stdin: input, environment: process.env });
      if (!existsSync(join(clone, "hello.txt"))) throw new Error("the floor's agent did not do its task");
      rmSync(clone, { recursive: true });
      return { ms, firstOutputMs };
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The product's own profile, limits, user and mounts; only the program inside is another one. */
async function buildSpec(
  engine: Engine,
  image: string,
  sockets: string,
): Promise<{ readonly spec: ContainerSpec; readonly input: string }> {
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
  const request = {
    task,
    credential: "api-key",
    conversationId: anyConversation,
    workTree: "/workspace",
    modelPort: port,
  } as const;
  const { argv, environment, input } = claudeCli.buildCommand(request);
  const caller = readCaller();
  const mapping = await readHostMapping(engine, caller.uid, AbortSignal.timeout(60_000));
  const forward = `node /opt/agent-worker/entry/forward.mjs ${port} /opt/agent-worker/run/gateway.sock`;
  const spec = {
    image,
    command: ["sh", "-c", `${forward} & exec ${argv.join(" ")}`],
    environment,
    labels: { bench: "floor" },
    mounts: [
      { source: join(root, "bench/floor"), target: "/opt/agent-worker/entry" },
      { source: sockets, target: "/opt/agent-worker/run" },
    ],
    relabel: mapping.needsLabels,
    user: chooseContainerUser(caller, mapping),
    limits: { cpus, memoryBytes, pids },
  };
  return { spec, input: Buffer.from(input).toString() };
}

/** The container's user must be able to write the clone. */
async function handOver(clone: string, { uid, gid }: ContainerSpec["user"]): Promise<void> {
  if (process.getuid?.() === uid) return;
  await runProcess("chown", ["-R", `${uid}:${gid}`, clone]);
}

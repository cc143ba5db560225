import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunReport } from "../src/core/run-report.ts";
import { createWorld } from "../test/support/world.ts";
import type { World } from "../test/support/world.ts";
import { ensureProductImage, openMachineEngine, root } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { runProcess } from "./support/run-process.ts";

const outputBytes = 1e9;
const sampleMs = 20;
const imageName = "agent-worker-bench:print-much";

interface Flood {
  readonly peakMegabytes: number;
  readonly megabytesPerSecond: number;
}

/** What the orchestrator needs at most while the agent prints 1 GB: as messages, and as one line that never ends. */
export const memory: Bench = {
  rows: ["memory", "memory-one-line", "output-throughput"],
  async measure({ runs = 1, log }) {
    await using engine = await openMachineEngine();
    const image = await ensureProductImage(engine, log);
    await buildImitation(image.reference);
    try {
      const messages: Flood[] = [];
      const junk: Flood[] = [];
      for (let run = 0; run < runs; run += 1) {
        messages.push(await flood(`messages ${outputBytes}`));
        junk.push(await flood(`junk ${outputBytes}`));
      }
      const peaks = (floods: readonly Flood[]): number[] => floods.map(({ peakMegabytes }) => peakMegabytes);
      return [
        buildRow("memory", { unit: "MB", goal: 150, ours: peaks(messages) }),
        buildRow("memory-one-line", { unit: "MB", goal: null, ours: peaks(junk) }),
        buildRow("output-throughput", {
          unit: "MB/s",
          goal: null,
          ours: messages.map(({ megabytesPerSecond }) => megabytesPerSecond),
        }),
      ];
    } finally {
      await runProcess("docker", ["image", "rm", imageName], { environment: process.env });
    }
  },
};

/** The product's image with a program in the place of the agent CLI that prints what the real one cannot be made to. */
async function buildImitation(reference: string): Promise<void> {
  const dockerfile = [
    `FROM ${reference}`,
    "USER root",
    "RUN rm -f /usr/local/bin/claude",
    "COPY print-much.mjs /usr/local/bin/claude",
    "USER agent",
  ];
  const context = join(root, "test/fixtures/bin");
  await runProcess("docker", ["build", "--quiet", "--network", "none", "--tag", imageName, "--file", "-", context], {
    stdin: `${dockerfile.join("\n")}\n`,
    environment: process.env,
  });
}

async function flood(task: string): Promise<Flood> {
  await using world = await createWorld();
  const { peakMegabytes, report } = await watchMemory(world, task);
  if (report.outcome !== "no_changes") throw new Error(`${report.outcome}: ${report.reason?.message}`);
  return { peakMegabytes, megabytesPerSecond: outputBytes / 1e6 / (report.timings.agentMs / 1000) };
}

async function watchMemory(world: World, task: string): Promise<{ peakMegabytes: number; report: RunReport }> {
  const argv = ["--task", task, "--image", imageName, "--output", "json", "--quiet"];
  const running = world.start(argv);
  const { pid } = running.process;
  let peakMegabytes = 0;
  const timer = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, pid === undefined ? 0 : readPeak(pid));
  }, sampleMs);
  const { stdout, stderr } = await running.ended.finally(() => clearInterval(timer));
  if (stdout === "") throw new Error(`agent-worker printed no report: ${stderr}`);
  if (peakMegabytes === 0) throw new Error("there is no /proc that tells a process's peak of memory");
  return { peakMegabytes, report: JSON.parse(stdout) };
}

/** The kernel's own high-water mark, so that a short peak between two looks counts as well. 0 where it has ended. */
function readPeak(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return 0;
  }
}

import { chooseContainerUser, readCaller } from "../src/agents/contained/container-user.ts";
import { buildContainerOptions } from "../src/container/container-profile.ts";
import { readHostMapping } from "../src/container/host-mapping.ts";
import { ensureProductImage, loadMachineConfig, openMachineEngine, root } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { buildRunFlags } from "./support/run-flags.ts";
import { runProcess } from "./support/run-process.ts";

/** What neither we nor anybody else can do without: an empty container of the same profile, and a Node that does nothing. */
export const startUp: Bench = {
  rows: ["empty-container", "empty-node"],
  async measure({ runs = 10, log }) {
    await using engine = await openMachineEngine();
    const image = await ensureProductImage(engine, log);
    const { cpus, memoryBytes, pids } = (await loadMachineConfig()).container;
    const caller = readCaller();
    const mapping = await readHostMapping(engine, caller.uid, AbortSignal.timeout(60_000));
    const options = buildContainerOptions({
      image: image.id,
      command: ["true"],
      environment: {},
      labels: {},
      mounts: [],
      relabel: mapping.needsLabels,
      user: chooseContainerUser(caller, mapping),
      limits: { cpus, memoryBytes, pids },
    });
    const flags = buildRunFlags(options, root);
    const containers: number[] = [];
    const nodes: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const command = [...flags, "--entrypoint", "true", image.id];
      containers.push((await runProcess("docker", command, { environment: process.env })).ms);
      nodes.push((await runProcess(process.execPath, ["-e", "0"])).ms);
    }
    return [
      buildRow("empty-container", { unit: "ms", goal: null, ours: containers }),
      buildRow("empty-node", { unit: "ms", goal: null, ours: nodes }),
    ];
  },
};

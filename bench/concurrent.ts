import { createWorld } from "../test/support/world.ts";
import { alternate, time } from "./support/alternate.ts";
import { ensureProductImage, openMachineEngine } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

const together = 5;

/** Five runs at once on one repository against one run. */
export const concurrent: Bench = {
  rows: ["concurrent"],
  async measure({ runs = 5, log }) {
    await using engine = await openMachineEngine();
    await ensureProductImage(engine, log);
    await using world = await createWorld({ scenario: "write-file" });
    const run = async (name: string): Promise<void> => {
      const branch = `bench/${name}-${performance.now()}`;
      const { report } = await world.runTask(["--task", "Write hello", "--branch", branch]);
      if (report.outcome !== "succeeded") throw new Error(`${report.outcome}: ${report.reason?.message}`);
    };
    const figures = await alternate({
      runs,
      warmUps: 1,
      ours: () => time(() => Promise.all(Array.from({ length: together }, (_, index) => run(`together-${index}`)))),
      floor: () => time(() => run("alone")),
    });
    return [buildRow("concurrent", { unit: "ms", goal: null, ...figures })];
  },
};

import { createWorld } from "../test/support/world.ts";
import { alternate } from "./support/alternate.ts";
import { openFloor, prompt } from "./support/floor-run.ts";
import { ensureProductImage, openMachineEngine } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

/** A whole task, process start to process end, against the same agent CLI in the same container, started by hand. */
export const wholeTask: Bench = {
  rows: ["whole-task"],
  async measure({ runs = 31, log }) {
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
      floor: async () => (await floor.run()).ms,
    });
    return [buildRow("whole-task", { unit: "ms", goal: 1.15, ...figures })];
  },
};

import { alternate } from "./support/alternate.ts";
import { program } from "./support/product.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";
import { runProcess } from "./support/run-process.ts";

/** What a person waits for before anything is done: `--help` against a Node that does nothing at all. */
export const help: Bench = {
  rows: ["help"],
  async measure({ runs = 30 }) {
    const figures = await alternate({
      runs,
      warmUps: 3,
      ours: async () => (await runProcess(process.execPath, [program, "--help"])).ms,
      floor: async () => (await runProcess(process.execPath, ["-e", "0"])).ms,
    });
    return [buildRow("help", { unit: "ms", goal: 2, ...figures })];
  },
};

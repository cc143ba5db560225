import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEventLog } from "../src/store/event-log.ts";
import { createUlid } from "../src/util/ulid.ts";
import { time } from "./support/alternate.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

const events = 200_000;

/** Events appended to the log of a run and on disk; what other systems claim for theirs is 178,571 a second, 5.6 microseconds each. */
export const eventLog: Bench = {
  rows: ["event-log"],
  async measure({ runs = 5 }) {
    await using directory = await mkdtempDisposable(join(tmpdir(), "aw-bench-"));
    const runId = createUlid();
    const write = async (file: string): Promise<void> => {
      await using log = openEventLog(join(directory.path, file));
      for (let seq = 1; seq <= events; seq += 1) {
        const ts = new Date().toISOString();
        log.append({ v: 1, runId, seq, ts, type: "message", data: { text: "The agent says something." } });
      }
    };
    await write("warm-up");
    const ours: number[] = [];
    for (let run = 0; run < runs; run += 1) ours.push((await time(() => write(`${run}`))) * (1000 / events));
    return [buildRow("event-log", { unit: "us/event", goal: 5.6, ours })];
  },
};

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { isTerminal } from "../../../../src/protocol/task-state.ts";
import { readAllEvents } from "../../../conformance/task-store/support.ts";
import { createPlace } from "./place.ts";
import type { SqlitePlace } from "./place.ts";

const root = path.resolve(import.meta.dirname, "../../../..");

/** Writes without end and says on stdout what was acknowledged: one line, one system call each. */
const writer = `
  const { writeSync } = await import("node:fs");
  const { openSqliteTaskStore } = await import(process.argv[1] + "/src/store/tasks/sqlite/sqlite-task-store.ts");
  const { newTask, say, ending } = await import(process.argv[1] + "/test/conformance/task-store/support.ts");
  const { createUlid } = await import(process.argv[1] + "/src/util/ulid.ts");
  const store = await openSqliteTaskStore(process.argv[2]);
  const tell = (fact) => writeSync(1, JSON.stringify(fact) + "\\n");
  tell({ epoch: store.epoch });
  const work = async (name) => {
    for (let round = 0; ; round++) {
      const created = await store.create(newTask({ owner: name, idempotencyKey: name + process.pid + "-" + round }));
      tell({ id: created.task.id, seq: 0 });
      const { claim } = await store.claim({ leaseMs: 1, runId: createUlid() });
      for (let index = 0; index < 5; index++) {
        const seq = await store.append(claim, [say("one"), say("x".repeat(round * 37 % 3000))]);
        if (seq !== null) tell({ id: claim.taskId, seq });
      }
      const done = await store.finish(claim, ending());
      if (done !== null) tell({ id: claim.taskId, seq: done.lastSeq, ended: true });
    }
  };
  await Promise.all(["a", "b", "c"].map(work));
`;

interface Acknowledged {
  readonly seqs: Map<string, number>;
  readonly ended: Set<string>;
}

/** Kills the writer after some of its lines, wherever it is then. Answers the epoch it had. */
async function writeAndKill({ file }: SqlitePlace, lines: number, { seqs, ended }: Acknowledged): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", writer, root, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let epoch = "";
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const fact = JSON.parse(line) as { epoch?: string; id?: string; seq?: number; ended?: boolean };
    epoch = fact.epoch ?? epoch;
    if (fact.id !== undefined) seqs.set(fact.id, Math.max(seqs.get(fact.id) ?? 0, fact.seq ?? 0));
    if (fact.id !== undefined && fact.ended === true) ended.add(fact.id);
    count += 1;
    if (count === lines) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return epoch;
}

it("has everything that was acknowledged after twenty kills -9, and nothing half done", async () => {
  using place = createPlace();
  const acknowledged: Acknowledged = { seqs: new Map(), ended: new Set() };
  const epochs = new Set<string>();
  for (let kill = 0; kill < 20; kill++) {
    epochs.add(await writeAndKill(place, 2 + ((kill * 37) % 101), acknowledged));
  }
  await using store = await place.open();
  expect([...epochs]).toEqual([store.epoch]);
  expect(acknowledged.seqs.size).toBeGreaterThan(20);
  for (const [id, seq] of acknowledged.seqs) {
    const task = await store.read(id);
    expect(task?.lastSeq).toBeGreaterThanOrEqual(seq);
    const events = await readAllEvents(store, id, 50);
    expect(events.length).toBe(task?.lastSeq);
    const isOver = task !== null && isTerminal(task.state);
    expect(events.filter(({ type }) => type === "complete")).toHaveLength(isOver ? 1 : 0);
    expect((await store.readReport(id)) !== null).toBe(isOver);
  }
  for (const id of acknowledged.ended) expect(await store.read(id)).toMatchObject({ state: "succeeded" });
  const swept = await store.sweep(Date.now() + 60_000);
  expect(swept.every(({ state }) => state === "queued" || state === "lost")).toBe(true);
  expect((await store.counts()).active).toBe(0);
});

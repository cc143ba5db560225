import { expect, it } from "vitest";
import { digestEvent } from "../../src/protocol/task-event.ts";
import { countFaults, listMessages, messages, runChaos } from "../support/chaos.ts";
import type { ChaosTask } from "../support/chaos.ts";

it("a server that is killed 50 times at random points loses and doubles nothing, and ends each task once", async () => {
  const { tasks, strangers } = await runChaos({ kills: 50, seed: 20_261_121, clients: 3 });
  expect(strangers).toBe(0);
  expect(countFaults(tasks)).toEqual({ lost: 0, doubled: 0 });
  for (const task of tasks) expectWhole(task);
  // Some were lost twice, and some never; all of that has been.
  expect(tasks.filter(({ report }) => report.outcome === "succeeded").length).toBeGreaterThan(0);
  expect(tasks.filter(({ task }) => task.attempt > 1).length).toBeGreaterThan(0);
}, 180_000);

function expectWhole({ report, events, task, texts, stored }: ChaosTask): void {
  expect([report.outcome, report.reason?.code, report.warnings]).toEqual(
    task.state === "succeeded" ? ["succeeded", undefined, []] : ["unavailable", "TASK_LOST", []],
  );
  expect(report.branch?.head ?? null).toBe(task.commit);
  // In the store.
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
  expect(stored.filter(({ type }) => type === "complete")).toHaveLength(1);
  expect(stored.at(-1)).toMatchObject({
    type: "complete",
    data: { eventCount: texts.length - 1, eventDigest: texts.slice(0, -1).reduce(digestEvent, "") },
  });
  // At the client: each once, in order.
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "complete", data: { outcome: report.outcome } });
  const said = listMessages(events);
  expect(said).toEqual(listMessages(stored));
  // And nothing is missing of what each attempt had said.
  for (const [, places] of Map.groupBy(said, (text) => text.split(" ")[0])) {
    expect(places.map((text) => Number(text.split(" ")[1]))).toEqual(places.map((_, index) => index));
  }
  const last = said.filter((text) => text.startsWith(stored.at(-1)?.runId ?? "?"));
  expect(last.length).toBeGreaterThanOrEqual(task.state === "succeeded" ? messages : 0);
}

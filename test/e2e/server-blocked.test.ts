import { expect, it } from "vitest";
import { listMessages } from "../support/chaos.ts";
import { makeDirectory } from "../support/repository.ts";
import { startTestProgram } from "../support/server-process.ts";
import { longPatience, openClientWorld } from "../support/server-world.ts";

it("a server whose event loop stands still for longer than a lease goes on with what it holds, and doubles nothing", async () => {
  using directory = makeDirectory("agent-worker-blocked-");
  const dispatch = { leaseMs: 400, renewMs: 100, sweepMs: 50 };
  const run = { messages: 40, pauseMs: 2, blockMs: 1_500 };
  await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, dispatch, ...run });
  await using world = openClientWorld();
  const results = await Promise.all([1, 2, 3].map(() => world.run([server.url], { patience: longPatience })));
  for (const { report, events } of results) {
    expect(report).toMatchObject({ outcome: "succeeded", warnings: [] });
    expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
    const said = listMessages(events).map((text) => text.split(" "));
    // One attempt: all of it is of one run.
    expect(new Set(said.map(([runId]) => runId)).size).toBe(1);
    expect(said.map(([, place]) => Number(place))).toEqual(Array.from({ length: run.messages }, (_, index) => index));
  }
});

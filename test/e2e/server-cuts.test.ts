import { describe, expect, it } from "vitest";
import { listMessages } from "../support/chaos.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { makeDirectory } from "../support/repository.ts";
import { startTestProgram } from "../support/server-process.ts";
import { longPatience, openClientWorld } from "../support/server-world.ts";
import type { RunResult } from "../support/server-world.ts";

/** The client has compared the digest of what it read: it warns where it could not, or had to read again. */
function expectAll({ report, events }: RunResult, messages: number): void {
  expect(report).toMatchObject({ outcome: "succeeded", warnings: [] });
  const places = listMessages(events).map((text) => Number(text.split(" ")[1]));
  expect(places).toEqual(Array.from({ length: messages }, (_, index) => index));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
}

describe("a client whose stream", () => {
  it("is cut every 50 of 10,000 events, within an event, loses and doubles none", async () => {
    using directory = makeDirectory("agent-worker-cuts-");
    const messages = 10_000;
    await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, messages, pauseMs: 0 });
    await using proxy = await startCuttingProxy(server.port, { events: 50, how: "cut" });
    await using world = openClientWorld();
    expectAll(await world.run([proxy.url], { patience: longPatience }), messages);
    expect(proxy.cuts()).toBeGreaterThanOrEqual(200);
  });

  it("is half open, and says nothing more after 50 events, again and again, loses and doubles none", async () => {
    using directory = makeDirectory("agent-worker-cuts-");
    const messages = 300;
    await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, messages, pauseMs: 0 });
    await using proxy = await startCuttingProxy(server.port, { events: 50, how: "silence" });
    await using world = openClientWorld();
    expectAll(await world.run([proxy.url], { patience: { ...longPatience, silenceMs: 300 } }), messages);
    expect(proxy.cuts()).toBeGreaterThanOrEqual(6);
  });
});

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { listMessages } from "../support/chaos.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
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

describe("a client whose connection", () => {
  it("is cut every 50 of 10,000 events, within an event, loses and doubles none", async () => {
    using directory = makeDirectory("agent-worker-cuts-");
    const messages = 10_000;
    await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, messages, pauseMs: 0 });
    await using proxy = await startCuttingProxy(server.port, { events: 50, how: "cut" });
    await using world = openClientWorld();
    expectAll(await world.run([proxy.url], { patience: longPatience }), messages);
    expect(proxy.cuts()).toBeGreaterThanOrEqual(200);
  });

  // Before git has the header of the pack, and when it unpacks.
  it.each([20, 1_000])(
    "is cut while the work is fetched, %i bytes into a pack, fetches it again",
    async (packBytes) => {
      using directory = makeDirectory("agent-worker-cuts-");
      await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, messages: 3, pauseMs: 0 });
      await using proxy = await startCuttingProxy(server.port, { events: 1_000, how: "cut", packs: 3, packBytes });
      // What cannot be compressed makes a long pack.
      await using world = openClientWorld(makeRepository({ "noise.bin": randomBytes(4_000) }));
      const run = { patience: longPatience, prompt: randomBytes(4_000).toString("hex") };
      expectAll(await world.run([proxy.url], run), 3);
      expect(proxy.cuts()).toBeGreaterThan(0);
    },
  );

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

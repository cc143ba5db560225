import { expect, it } from "vitest";
import { claudeCli } from "../../../src/agents/claude/claude-cli.ts";
import { startContainer } from "../../../src/agents/contained/second-phase.ts";
import type { Container } from "../../../src/container/container.ts";

const container: Container = {
  id: "c",
  output: ReadableStream.from([]),
  start: async () => undefined,
  kill: async () => undefined,
  restart: () => Promise.reject(new Error("no second start")),
  [Symbol.asyncDispose]: async () => undefined,
};

const broken = () => Promise.reject(new Error("no such runtime"));

it("gives what follows the container, and a reader of what its agent CLI says", async () => {
  const second = await startContainer(container, claudeCli);
  expect(second.followSession).toBeTypeOf("function");
  expect(second.reader.facts()).toMatchObject({ sessionId: null, turns: 0, result: null });
});

it("loads nothing before the start was asked for", async () => {
  const order: string[] = [];
  const loadReading = async () => {
    order.push("load");
    return claudeCli.loadReading();
  };
  const start = async () => void order.push("start");
  await startContainer({ ...container, start }, { ...claudeCli, loadReading });
  expect(order).toEqual(["start", "load"]);
});

it("fails as the start does, and as the loading does", async () => {
  await expect(startContainer({ ...container, start: broken }, claudeCli)).rejects.toThrow("no such runtime");
  await expect(startContainer(container, { ...claudeCli, loadReading: broken })).rejects.toThrow("no such runtime");
  // Where both fail, none of it is left without somebody who hears of it.
  const both = startContainer({ ...container, start: broken }, { ...claudeCli, loadReading: broken });
  await expect(both).rejects.toThrow("no such runtime");
});

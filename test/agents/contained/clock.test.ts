import { expect, it } from "vitest";
import { startClock } from "../../../src/agents/contained/clock.ts";
import { emptyTimings } from "../../../src/core/empty.ts";

it("the clock tells the time between the points that were reached, the first time each", () => {
  let now = 100;
  const clock = startClock(() => now);
  const at = (time: number, point: Parameters<typeof clock.mark>[0]): void => {
    now = time;
    clock.mark(point);
  };
  at(110, "image");
  at(130.26, "started");
  at(140, "firstEvent");
  at(145, "firstEvent");
  expect(clock.timings()).toEqual({ ...emptyTimings, imageMs: 10, startMs: 20.3, firstEventMs: 9.7 });
  at(200, "exited");
  at(250, "imported");
  expect(clock.timings()).toMatchObject({ agentMs: 69.7, importMs: 50 });
});

it("a phase whose beginning was not reached lasted no time, and none is negative", () => {
  let now = 0;
  const clock = startClock(() => now);
  clock.mark("firstEvent");
  now = 50;
  clock.mark("started");
  clock.mark("imported");
  expect(clock.timings()).toEqual(emptyTimings);
});

it("the clock that begins anew counts what was reached before as reached then", () => {
  let now = 0;
  const clock = startClock(() => now);
  now = 10;
  clock.mark("image");
  now = 30;
  clock.restart();
  now = 50;
  clock.mark("started");
  expect(clock.timings()).toEqual({ ...emptyTimings, imageMs: 0, startMs: 20 });
});

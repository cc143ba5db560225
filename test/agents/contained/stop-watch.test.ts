import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startStopWatch } from "../../../src/agents/contained/stop-watch.ts";

const patience = { imageMs: 1, idleMs: 60_000, resultMs: 10_000, stopMs: 7_000, transferMs: 1, endMs: 1 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start({ timeoutMs = 1e9, idleMs = patience.idleMs, signal = new AbortController().signal } = {}) {
  const stops: number[] = [];
  const kills: number[] = [];
  const control = {
    connected: () => Promise.resolve(),
    sendPrompt: () => Promise.resolve(),
    stop: (graceMs: number) => stops.push(graceMs),
    async *messages() {},
    async *conversation() {},
    async *pack() {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const killContainer = (): void => void kills.push(1);
  return {
    watch: startStopWatch({ control, signal, timeoutMs, patience: { ...patience, idleMs }, killContainer }),
    stops,
    kills,
  };
}

it("stops the agent when the wall clock says so, whatever it does", () => {
  const { watch, stops } = start({ timeoutMs: 100_000 });
  for (let index = 0; index < 9; index += 1) {
    vi.advanceTimersByTime(11_000);
    watch.touch();
  }
  expect(watch.cause()).toBeNull();
  vi.advanceTimersByTime(1_000);
  expect([watch.cause(), stops]).toEqual(["wall-clock", [patience.stopMs]]);
});

it("takes a time without a sign of life that is too long for a timer for a very long one", () => {
  const { watch } = start({ idleMs: 2 ** 40 });
  vi.advanceTimersByTime(86_400_000);
  expect(watch.cause()).toBeNull();
});

it("stops an agent that shows no sign of life, and each sign gives it the whole time again", () => {
  const { watch, stops } = start();
  vi.advanceTimersByTime(59_000);
  watch.touch();
  vi.advanceTimersByTime(59_000);
  expect(watch.cause()).toBeNull();
  vi.advanceTimersByTime(1_000);
  expect([watch.cause(), stops]).toEqual(["idle", [patience.stopMs]]);
});

it("kills an agent that hangs after its result, counted from the first result", () => {
  const { watch, stops } = start();
  watch.resultSeen();
  vi.advanceTimersByTime(9_000);
  watch.resultSeen();
  vi.advanceTimersByTime(1_000);
  expect([watch.cause(), stops]).toEqual(["result-seen", [0]]);
});

it.each(["before", "after"])("stops the agent on a cancel that comes %s the start", (when) => {
  const abort = new AbortController();
  if (when === "before") abort.abort("SIGINT");
  const { watch, stops } = start({ signal: abort.signal });
  abort.abort("SIGINT");
  expect([watch.cause(), stops]).toEqual(["cancelled", [patience.stopMs]]);
});

it("keeps the first reason and stops once", () => {
  const abort = new AbortController();
  const { watch, stops } = start({ timeoutMs: 1_000, signal: abort.signal });
  vi.advanceTimersByTime(1_000);
  abort.abort("SIGINT");
  vi.advanceTimersByTime(1e6);
  expect([watch.cause(), stops]).toEqual(["wall-clock", [patience.stopMs]]);
});

it("removes the container where nothing answers to a stop", () => {
  const { kills } = start({ timeoutMs: 1_000 });
  vi.advanceTimersByTime(1_000 + patience.stopMs + 4_999);
  expect(kills).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(kills).toEqual([1]);
});

it.each(["ended", "disposed"])("does nothing any more once the agent has %s", (how) => {
  const abort = new AbortController();
  const { watch, stops, kills } = start({ timeoutMs: 1_000, signal: abort.signal });
  watch.resultSeen();
  if (how === "ended") watch.ended();
  else watch[Symbol.dispose]();
  watch.touch();
  abort.abort("SIGINT");
  vi.advanceTimersByTime(1e9);
  expect([watch.cause(), stops, kills, vi.getTimerCount()]).toEqual([null, [], [], 0]);
});

it("takes a time limit longer than a timer can be", () => {
  const { watch } = start({ timeoutMs: 1e12 });
  for (let day = 0; day < 24; day += 1) {
    for (let minute = 0; minute < 1440; minute += 1) {
      vi.advanceTimersByTime(59_999);
      watch.touch();
    }
  }
  expect(watch.cause()).toBeNull();
});

import { collectDefaultMetrics, Registry } from "prom-client";
import { errorTable } from "../core/error-table.ts";
import type { Usage } from "../core/usage.ts";
import { problemTable } from "../protocol/problem.ts";
import { isTerminal, taskStateSchema } from "../protocol/task-state.ts";
import {
  createHttpInstruments,
  createServerInstruments,
  createTaskInstruments,
  createUsageInstruments,
} from "./instruments.ts";
import type { ServerInstruments, TaskInstruments, UsageInstruments } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";

const breakerStates = ["closed", "open", "half-open"] as const;
const transports = ["ws", "sse", "ndjson", "poll"] as const;
const directions = ["input", "output", "cache_read", "cache_write"] as const;
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Gauges of prom-client that end like counters, which `promtool check metrics` refuses. */
const misnamed = ["nodejs_active_resources_total", "nodejs_active_handles_total", "nodejs_active_requests_total"];

type BreakerState = (typeof breakerStates)[number];
type ScrapeReader = Parameters<Metrics["onScrape"]>[0];

/** Metrics in a registry of their own, with those of the process; several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  const http = createHttpInstruments(registry);
  const tasks = createTaskInstruments(registry);
  const usage = createUsageInstruments(registry);
  const server = createServerInstruments(registry);
  beginAtZero(tasks, usage, server);
  let readNumbers: ScrapeReader | undefined;
  let lastState: BreakerState = "closed";
  return {
    requestDone({ method, route, status, ms }) {
      const known = methods.has(method) ? method : "OTHER";
      http.requests.inc({ method: known, route, status });
      http.seconds.observe({ method: known, route }, toSeconds(ms));
    },
    taskReceived: () => tasks.received.inc(),
    taskRejected: (code) => tasks.rejected.inc({ code: toKnownCode(code) }),
    taskStarted(waitMs) {
      tasks.started.inc();
      tasks.queueSeconds.observe(toSeconds(waitMs));
    },
    taskEnded({ state, code, ms, usage: used }) {
      tasks.ended.inc({ state });
      if (code !== null) tasks.errors.inc({ code: toKnownCode(code) });
      tasks.seconds.observe(toSeconds(ms));
      countUsage(usage, used);
    },
    firstEvent: (ms, warm) => tasks.firstEventSeconds.observe({ warm: String(warm) }, toSeconds(ms)),
    eventsAppended: (count) => server.events.inc(count),
    breakerChanged(state, failures) {
      if (state === "open" && lastState !== "open") server.breakerOpened.inc();
      lastState = state;
      setBreaker(server, state, failures);
    },
    streamOpened: (transport) => server.streams.inc({ transport }),
    streamClosed: (transport) => server.streams.dec({ transport }),
    onScrape(read) {
      readNumbers = read;
    },
    async expose() {
      await readGauges(server, readNumbers);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** A series that appears with its first count hides that count from rate() and increase(). */
function beginAtZero(tasks: TaskInstruments, usage: UsageInstruments, server: ServerInstruments): void {
  for (const state of taskStateSchema.options.filter(isTerminal)) tasks.ended.inc({ state }, 0);
  for (const code of Object.keys(errorTable)) tasks.errors.inc({ code }, 0);
  for (const code of Object.keys(problemTable)) tasks.rejected.inc({ code }, 0);
  for (const warm of ["true", "false"]) tasks.firstEventSeconds.zero({ warm });
  for (const direction of directions) usage.tokens.inc({ direction }, 0);
  for (const transport of transports) server.streams.set({ transport }, 0);
  setBreaker(server, "closed", 0);
}

function setBreaker(server: ServerInstruments, state: BreakerState, failures: number): void {
  for (const name of breakerStates) server.breakerState.set({ state: name }, name === state ? 1 : 0);
  server.breakerFailures.set(failures);
}

function countUsage(instruments: UsageInstruments, usage: Usage): void {
  instruments.tokens.inc({ direction: "input" }, usage.inputTokens);
  instruments.tokens.inc({ direction: "output" }, usage.outputTokens);
  instruments.tokens.inc({ direction: "cache_read" }, usage.cacheReadTokens);
  instruments.tokens.inc({ direction: "cache_write" }, usage.cacheWriteTokens);
  instruments.turns.inc(usage.turns);
  if (usage.costUsd !== null) instruments.cost.inc(usage.costUsd);
}

/** No value rather than an old one: an alert must not rest on what nobody could read. */
async function readGauges(server: ServerInstruments, read: ScrapeReader | undefined): Promise<void> {
  if (read === undefined) return;
  try {
    const { active, queued, warm } = await read();
    server.active.set(active);
    server.queued.set(queued);
    server.warm.set(warm);
  } catch {
    for (const gauge of [server.active, server.queued, server.warm]) gauge.remove();
    server.scrapeErrors.inc();
  }
}

/** Codes come from tables; anything else would make series without number. */
function toKnownCode(code: string): string {
  return Object.hasOwn(errorTable, code) || Object.hasOwn(problemTable, code) ? code : "OTHER";
}

/** A clock that was set back gives less than nothing. */
function toSeconds(ms: number): number {
  return Math.max(0, ms) / 1_000;
}

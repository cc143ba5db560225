import { describe, expect, it } from "vitest";
import { errorTable } from "../../src/core/error-table.ts";
import { emptyUsage } from "../../src/core/empty.ts";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import type { Metrics } from "../../src/metrics/metrics.ts";
import { problemTable } from "../../src/protocol/problem.ts";
import { readExposition } from "../support/exposition.ts";
import { runPromtool } from "../support/promtool.ts";

/** The value of one sample: `agent_worker_` is left out of its name. */
async function readSample(metrics: Metrics, sample: string): Promise<number | undefined> {
  const families = readExposition((await metrics.expose()).text);
  const samples = [...families.values()].flatMap((family) => Array.from(family.samples));
  return new Map(samples).get(`agent_worker_${sample}`);
}

function useEverything(metrics: Metrics): void {
  metrics.requestDone({ method: "GET", route: "/api/v1/tasks/:id", status: 200, ms: 12 });
  metrics.taskReceived();
  metrics.taskRejected("QUEUE_FULL");
  metrics.taskStarted(1_500);
  metrics.firstEvent(400, true);
  metrics.eventsAppended(3);
  metrics.breakerChanged("open", 3);
  metrics.streamOpened("ws");
  metrics.taskEnded({
    state: "failed",
    outcome: "failed",
    code: "AGENT_ERROR",
    ms: 61_000,
    usage: { ...emptyUsage, turns: 4, inputTokens: 100, outputTokens: 20, cacheReadTokens: 900, costUsd: 0.25 },
  });
  metrics.onScrape(async () => ({ active: 2, queued: 7, warm: 1 }));
}

describe("the exposition", () => {
  it("is what Prometheus can read, with names as it likes them", async () => {
    const metrics = createMetrics();
    useEverything(metrics);
    const { contentType, text } = await metrics.expose();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(runPromtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
  });

  it("counts what happened to tasks", async () => {
    const metrics = createMetrics();
    useEverything(metrics);
    expect(await readSample(metrics, "tasks_received_total")).toBe(1);
    expect(await readSample(metrics, 'tasks_rejected_total{code="QUEUE_FULL"}')).toBe(1);
    expect(await readSample(metrics, "task_attempts_total")).toBe(1);
    expect(await readSample(metrics, 'tasks_ended_total{state="failed"}')).toBe(1);
    expect(await readSample(metrics, 'task_errors_total{code="AGENT_ERROR"}')).toBe(1);
    expect(await readSample(metrics, "events_appended_total")).toBe(3);
  });

  it("counts tokens, turns and cost", async () => {
    const metrics = createMetrics();
    useEverything(metrics);
    expect(await readSample(metrics, 'tokens_total{direction="input"}')).toBe(100);
    expect(await readSample(metrics, 'tokens_total{direction="output"}')).toBe(20);
    expect(await readSample(metrics, 'tokens_total{direction="cache_read"}')).toBe(900);
    expect(await readSample(metrics, "turns_total")).toBe(4);
    expect(await readSample(metrics, "cost_usd_total")).toBe(0.25);
  });

  it("gives times in seconds, in buckets around what alerts look at", async () => {
    const metrics = createMetrics();
    useEverything(metrics);
    expect(await readSample(metrics, "task_duration_seconds_sum")).toBe(61);
    expect(await readSample(metrics, "task_queue_seconds_sum")).toBe(1.5);
    expect(await readSample(metrics, 'task_first_event_seconds_bucket{le="0.5",warm="true"}')).toBe(1);
    expect(await readSample(metrics, 'task_first_event_seconds_bucket{le="30",warm="false"}')).toBe(0);
    const route = 'method="GET",route="/api/v1/tasks/:id"';
    expect(await readSample(metrics, `http_request_duration_seconds_sum{${route}}`)).toBe(0.012);
    expect(await readSample(metrics, `http_requests_total{${route},status="200"}`)).toBe(1);
  });

  it("shows every series at zero before anything happens, so that rate() sees the first", async () => {
    const metrics = createMetrics();
    for (const code of Object.keys(problemTable)) {
      expect(await readSample(metrics, `tasks_rejected_total{code="${code}"}`)).toBe(0);
    }
    for (const code of Object.keys(errorTable)) {
      expect(await readSample(metrics, `task_errors_total{code="${code}"}`)).toBe(0);
    }
    expect(await readSample(metrics, 'tasks_ended_total{state="lost"}')).toBe(0);
    expect(await readSample(metrics, 'breaker_state{state="closed"}')).toBe(1);
  });
});

describe("the breaker", () => {
  it("is in one state, and its openings are counted, not its failures", async () => {
    const metrics = createMetrics();
    metrics.breakerChanged("open", 3);
    metrics.breakerChanged("open", 4);
    metrics.breakerChanged("half-open", 4);
    expect(await readSample(metrics, 'breaker_state{state="half-open"}')).toBe(1);
    expect(await readSample(metrics, 'breaker_state{state="open"}')).toBe(0);
    expect(await readSample(metrics, 'breaker_state{state="closed"}')).toBe(0);
    expect(await readSample(metrics, "breaker_failures")).toBe(4);
    expect(await readSample(metrics, "breaker_opened_total")).toBe(1);
    metrics.breakerChanged("open", 5);
    expect(await readSample(metrics, "breaker_opened_total")).toBe(2);
  });
});

describe("what is asked at each scrape", () => {
  it("is as it is at that moment", async () => {
    const metrics = createMetrics();
    let queued = 1;
    metrics.onScrape(async () => ({ active: 2, queued, warm: 0 }));
    expect(await readSample(metrics, "tasks_queued")).toBe(1);
    queued = 51;
    expect(await readSample(metrics, "tasks_queued")).toBe(51);
    expect(await readSample(metrics, "tasks_active")).toBe(2);
  });

  it("is left out where it cannot be read, and that is counted", async () => {
    const metrics = createMetrics();
    let broken = false;
    metrics.onScrape(async () => {
      if (broken) throw new Error("the store is gone");
      return { active: 2, queued: 51, warm: 0 };
    });
    expect(await readSample(metrics, "tasks_queued")).toBe(51);
    broken = true;
    expect(await readSample(metrics, "tasks_queued")).toBeUndefined();
    expect(await readSample(metrics, "scrape_errors_total")).toBe(2);
    broken = false;
    expect(await readSample(metrics, "tasks_queued")).toBe(51);
  });
});

describe("labels", () => {
  it("take no value that somebody outside chooses", async () => {
    const metrics = createMetrics();
    metrics.taskRejected("constructor");
    metrics.requestDone({ method: "BREW", route: "/", status: 405, ms: -3 });
    expect(await readSample(metrics, 'tasks_rejected_total{code="OTHER"}')).toBe(1);
    expect(await readSample(metrics, 'http_requests_total{method="OTHER",route="/",status="405"}')).toBe(1);
    expect(await readSample(metrics, 'http_request_duration_seconds_sum{method="OTHER",route="/"}')).toBe(0);
  });

  it("count the streams that are open", async () => {
    const metrics = createMetrics();
    metrics.streamOpened("sse");
    metrics.streamOpened("sse");
    metrics.streamClosed("sse");
    expect(await readSample(metrics, 'streams_open{transport="sse"}')).toBe(1);
    expect(await readSample(metrics, 'streams_open{transport="ws"}')).toBe(0);
  });

  it("are kept apart from those of another server in the same process", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.taskReceived();
    expect(await readSample(other, "tasks_received_total")).toBe(0);
  });
});

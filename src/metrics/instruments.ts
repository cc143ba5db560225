import { Counter, Gauge, Histogram } from "prom-client";
import type { Registry } from "prom-client";

/** Seconds. An answer of the server itself: from a small read to a push or a long poll. */
const answerBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Seconds. From a warm container (well below one) over a cold one to a queue that stands. 30 is where the alert looks. */
const startBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 120, 300, 900, 3_600];
/** Seconds. A task: from a word to change to a day of work. */
const taskBuckets = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 86_400];

export type TaskInstruments = ReturnType<typeof createTaskInstruments>;
export type UsageInstruments = ReturnType<typeof createUsageInstruments>;
export type ServerInstruments = ReturnType<typeof createServerInstruments>;

export function createHttpInstruments(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: "agent_worker_http_requests_total",
      help: "HTTP requests answered, by method, route pattern and status.",
      labelNames: ["method", "route", "status"],
      registers,
    }),
    seconds: new Histogram({
      name: "agent_worker_http_request_duration_seconds",
      help: "Time to answer an HTTP request, by method and route pattern; streams and long polls last as long as they are open.",
      labelNames: ["method", "route"],
      buckets: answerBuckets,
      registers,
    }),
  };
}

export function createTaskInstruments(registry: Registry) {
  const registers = [registry];
  return {
    received: new Counter({ name: "agent_worker_tasks_received_total", help: "Tasks accepted.", registers }),
    rejected: new Counter({
      name: "agent_worker_tasks_rejected_total",
      help: "Tasks refused, by the code of the problem.",
      labelNames: ["code"],
      registers,
    }),
    started: new Counter({
      name: "agent_worker_task_attempts_total",
      help: "Attempts begun; a task lost with its process is attempted again.",
      registers,
    }),
    ended: new Counter({
      name: "agent_worker_tasks_ended_total",
      help: "Tasks that ended, by terminal state.",
      labelNames: ["state"],
      registers,
    }),
    errors: new Counter({
      name: "agent_worker_task_errors_total",
      help: "Tasks that ended with a reason, by its code.",
      labelNames: ["code"],
      registers,
    }),
    seconds: new Histogram({
      name: "agent_worker_task_duration_seconds",
      help: "Time from a task's submission to its end.",
      buckets: taskBuckets,
      registers,
    }),
    queueSeconds: new Histogram({
      name: "agent_worker_task_queue_seconds",
      help: "Time a task waited in the queue before an attempt.",
      buckets: startBuckets,
      registers,
    }),
    firstEventSeconds: new Histogram({
      name: "agent_worker_task_first_event_seconds",
      help: "Time from a task's submission to its agent's first event; warm: its container was ready.",
      labelNames: ["warm"],
      buckets: startBuckets,
      registers,
    }),
  };
}

export function createUsageInstruments(registry: Registry) {
  const registers = [registry];
  return {
    tokens: new Counter({
      name: "agent_worker_tokens_total",
      help: "Tokens of ended tasks, counted from the provider's answers.",
      labelNames: ["direction"],
      registers,
    }),
    cost: new Counter({
      name: "agent_worker_cost_usd_total",
      help: "Cost of ended tasks in US dollars, where the agent stated it.",
      registers,
    }),
    turns: new Counter({ name: "agent_worker_turns_total", help: "Turns of the agents of ended tasks.", registers }),
  };
}

export function createServerInstruments(registry: Registry) {
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> =>
    new Gauge({ name: `agent_worker_${name}`, help, labelNames: [...labelNames], registers });
  return {
    active: gauge("tasks_active", "Tasks that are being carried out.", []),
    queued: gauge("tasks_queued", "Tasks that wait.", []),
    warm: gauge("warm_containers", "Containers that stand ready for a task.", []),
    breakerState: gauge("breaker_state", "1 for the state the circuit breaker is in, 0 for the others.", ["state"]),
    breakerFailures: gauge("breaker_failures", "Failures of the surroundings in a row.", []),
    breakerOpened: new Counter({
      name: "agent_worker_breaker_opened_total",
      help: "Times the circuit breaker opened.",
      registers,
    }),
    streams: gauge("streams_open", "Event streams that are open, by transport.", ["transport"]),
    events: new Counter({ name: "agent_worker_events_appended_total", help: "Events written to the log.", registers }),
    scrapeErrors: new Counter({
      name: "agent_worker_scrape_errors_total",
      help: "Scrapes at which active, queued and warm could not be read; these are left out then.",
      registers,
    }),
  };
}

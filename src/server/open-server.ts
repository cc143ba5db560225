import type { Metrics } from "../metrics/metrics.ts";
import type { OpenedKeys } from "./access/open-keys.ts";
import { createTickets } from "./access/tickets.ts";
import type { DispatcherParts, DispatcherSettings } from "./dispatch/dispatcher-parts.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import { startDispatcher } from "./dispatch/start-dispatcher.ts";
import { startMaintenance } from "./maintenance/start-maintenance.ts";
import type { ServerParts } from "./server-parts.ts";
import { createStreamParts } from "./stream/stream-parts.ts";
import type { StreamOptions } from "./stream/stream-options.ts";
import { startTaskServer } from "./task-server.ts";
import { watchTotals } from "./watch-totals.ts";
import { openDisposables } from "../util/disposables.ts";

type Given = Pick<
  ServerParts,
  "settings" | "limits" | "store" | "repositories" | "runs" | "agents" | "agentCli" | "git" | "logger" | "page"
>;

/** The whole task server: it listens and carries out tasks. Disposing ends all of it at once. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8000`, with the port it really has. */
  readonly url: string;
  /** Reads the keys anew. A file that is wrong leaves the keys as they are; the log tells. Never rejects. */
  reloadKeys(): Promise<void>;
  /** Takes nothing new, sends streams away, waits for what runs, hands the rest back to the queue. Resolves when nothing runs. */
  drain(): Promise<void>;
}

/** What the server is made of. It owns the store and disposes of it. */
export interface WholeServer extends Given, Pick<DispatcherParts, "runners" | "recover" | "sessions" | "warm"> {
  readonly dispatch: Omit<DispatcherSettings, "concurrency" | "dataDirectory">;
  readonly stream?: Partial<StreamOptions> | undefined;
  readonly metrics: Metrics;
  readonly keys: OpenedKeys;
}

/**
 * Joins the HTTP surface and the dispatcher over one store. It listens before anything is claimed, so that a port that is taken
 * starts no task. Throws LISTEN_FAILED and what the store throws.
 */
export async function openServer(whole: WholeServer): Promise<RunningServer> {
  await using opening = openDisposables();
  const { store, settings, logger, keys } = whole;
  opening.use(store);
  if (whole.warm !== undefined) opening.use(whole.warm);
  const { metrics, totals } = watchTotals(whole.metrics);
  let dispatcher: Dispatcher | undefined;
  metrics.onScrape(async () => {
    const { active, warm } = readStatus(dispatcher);
    return { active, queued: (await store.counts()).queued, warm: warm.ready };
  });
  const onError = (error: unknown): void => logger.error({ err: error }, "stream");
  const stream = createStreamParts({
    store,
    metrics,
    onError,
    ...(whole.stream === undefined ? {} : { options: whole.stream }),
  });
  const http = await startTaskServer({
    ...whole,
    metrics,
    totals,
    stream,
    keys: keys.ring,
    tickets: createTickets(),
    onBasePushed: (directory, base) => whole.warm?.basePushed(directory, base),
    dispatcher: { wake: (id) => dispatcher?.wake(id), status: () => readStatus(dispatcher) },
  });
  opening.use(http);
  const dispatch = { ...whole.dispatch, concurrency: settings.concurrency, dataDirectory: settings.dataDirectory };
  const started = await startDispatcher({ ...whole, metrics, settings: dispatch });
  dispatcher = started;
  opening.use(started);
  opening.use(startMaintenance(whole));
  logger.info({ url: http.url, dataDirectory: settings.dataDirectory }, "listening");
  const stack = opening.move();
  return {
    url: http.url,
    reloadKeys: () => keys.reload(),
    async drain() {
      logger.info({ ...started.status() }, "draining");
      await Promise.all([http.drain(), started.drain(settings.drainMs), whole.warm?.[Symbol.asyncDispose]()]);
      logger.info("drained");
    },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

function readStatus(dispatcher: Dispatcher | undefined): ReturnType<Dispatcher["status"]> {
  return (
    dispatcher?.status() ?? {
      active: 0,
      draining: false,
      breaker: { state: "closed", failures: 0 },
      warm: { ready: 0, limit: 0 },
    }
  );
}

import { join } from "node:path";
import { createMetrics } from "../../src/metrics/create-metrics.ts";
import { createKeyRing } from "../../src/server/access/key-ring.ts";
import { createTickets } from "../../src/server/access/tickets.ts";
import { createLogger } from "../../src/server/logger.ts";
import { createRepositories } from "../../src/server/repositories/create-repositories.ts";
import { defaultLimits } from "../../src/server/server-limits.ts";
import type { ServerLimits } from "../../src/server/server-limits.ts";
import type { ServerParts } from "../../src/server/server-parts.ts";
import type { ServerKey } from "../../src/server/server-settings.ts";
import { createStreamParts } from "../../src/server/stream/stream-parts.ts";
import type { StreamOptions } from "../../src/server/stream/stream-options.ts";
import { startTaskServer } from "../../src/server/task-server.ts";
import type { TaskServer } from "../../src/server/task-server.ts";
import { openSqliteTaskStore } from "../../src/store/tasks/sqlite/sqlite-task-store.ts";
import type { TaskStore } from "../../src/store/tasks/task-store.ts";
import { gitSettings, makeDirectory } from "./repository.ts";

export interface TestServerOptions {
  /** Default: `alice` and `bob`, with the keys of `testKeys`. [] is a server without keys. */
  readonly keys?: readonly ServerKey[];
  readonly settings?: Partial<ServerParts["settings"]>;
  readonly limits?: Partial<ServerLimits>;
  readonly stream?: Partial<StreamOptions>;
  /** Default: a temporary one, removed in the end. */
  readonly dataDirectory?: string;
}

export interface TestServer extends TaskServer {
  readonly parts: ServerParts;
  readonly store: TaskStore;
  readonly dataDirectory: string;
  /** Every line of the log so far, as it was written. */
  readonly log: string[];
  /** A request with alice's key; `path` begins with a slash. */
  request(path: string, init?: TestRequest): Promise<Response>;
}

export type TestRequest = Omit<RequestInit, "headers"> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** null: none. */
  readonly key?: string | null;
};

export const testKeys = { alice: "alice-key-0123456789", bob: "bob-key-0123456789" } as const;

/** A task server in this process, on a free port, over a real store and real repositories. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const stack = new AsyncDisposableStack();
  const dataDirectory = options.dataDirectory ?? stack.use(makeDirectory("agent-worker-server-")).path;
  const store = stack.use(await openSqliteTaskStore(join(dataDirectory, "tasks.sqlite")));
  const log: string[] = [];
  const parts = buildParts(options, { store, dataDirectory, log });
  const server = stack.use(await startTaskServer(parts));
  return {
    ...server,
    parts,
    store,
    dataDirectory,
    log,
    request(path, { key = testKeys.alice, headers, ...init } = {}) {
      const authorization = key === null ? {} : { Authorization: `Bearer ${key}` };
      return fetch(`${server.url}${path}`, { redirect: "manual", ...init, headers: { ...authorization, ...headers } });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface Ground {
  readonly store: TaskStore;
  readonly dataDirectory: string;
  readonly log: string[];
}

function buildParts(options: TestServerOptions, { store, dataDirectory, log }: Ground): ServerParts {
  const metrics = createMetrics();
  const keys = options.keys ?? Object.entries(testKeys).map(([name, key]) => ({ name, key, expiresAt: null }));
  const logger = createLogger({ level: "debug", stream: { write: (line) => log.push(line) } });
  return {
    settings: {
      host: "127.0.0.1",
      port: 0,
      version: "0.0.0",
      concurrency: 2,
      queueLimit: 1_000,
      publicHosts: [],
      ...options.settings,
    },
    limits: { ...defaultLimits, ...options.limits },
    store,
    repositories: createRepositories({ dataDirectory, git: gitSettings, workspaceRoots: [], urlHosts: [] }),
    dispatcher: {
      wake() {},
      status: () => ({
        active: 0,
        draining: false,
        breaker: { state: "closed", failures: 0 },
        warm: { ready: 0, limit: 0 },
      }),
    },
    metrics,
    stream: createStreamParts({
      store,
      metrics,
      onError: (err) => logger.error({ err }, "stream"),
      ...(options.stream === undefined ? {} : { options: options.stream }),
    }),
    keys: createKeyRing(keys),
    tickets: createTickets(),
    totals: () => ({ totals: { received: 0, succeeded: 0, failed: 0 }, successRate: null }),
    agentCli: () => Promise.resolve({ name: "claude", version: null, engine: "unknown" }),
    agents: { standard: "claude", names: ["claude"] },
    git: gitSettings,
    logger,
  };
}

import { join } from "node:path";
import { createWarmPool } from "./agents/contained/warm/warm-pool.ts";
import type { WarmPool } from "./agents/contained/warm/warm-pool.ts";
import { agentNames, loadAgentCli } from "./agents/table.ts";
import type { Config } from "./config/config.ts";
import { buildEngineSettings } from "./container/engine-settings.ts";
import { buildImageRequest } from "./container/image-request.ts";
import { createMetrics } from "./metrics/create-metrics.ts";
import { openKeys } from "./server/access/open-keys.ts";
import { parseKeys } from "./server/access/parse-keys.ts";
import { createAgentProbe } from "./server/agent-probe.ts";
import { defaultDispatcherSettings } from "./server/dispatch/dispatcher-parts.ts";
import { createRecovery } from "./server/dispatch/recover-runs.ts";
import { createTaskSessions } from "./server/dispatch/task-sessions.ts";
import { createWarmTasks } from "./server/dispatch/warm-tasks.ts";
import { createLogger } from "./server/logger.ts";
import type { Logger } from "./server/logger.ts";
import { createPageHandler, findPageDirectory } from "./server/page.ts";
import { createRepositories } from "./server/repositories/create-repositories.ts";
import { defaultLimits } from "./server/server-limits.ts";
import { openServer } from "./server/open-server.ts";
import type { RunningServer } from "./server/open-server.ts";
import { openStore } from "./store/store.ts";
import type { Store } from "./store/store.ts";
import { openSqliteTaskStore } from "./store/tasks/sqlite/sqlite-task-store.ts";
import { buildCommonParts, buildContainedSettings, buildRunner } from "./wire.ts";
import { createCleaningPorts } from "./worker/cleaning/cleaning-ports.ts";
import { openWaitingPlace } from "./worker/warm-place.ts";

export interface ServerSurroundings {
  /** Where an image build's proxies come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Gets the log. */
  readonly logStream: { write(line: string): unknown };
}

const logLevels = { quiet: "warn", normal: "info", verbose: "debug" } as const;

/**
 * Builds the parts of the task server and joins them; it listens when this resolves. Throws before it takes anything what no task could
 * work with (CREDENTIAL_MISSING), SERVER_KEYS_NEEDED, KEYS_INVALID, STORE_LOCKED, STORE_FAILED, LISTEN_FAILED.
 */
export async function buildServer(config: Config, surroundings: ServerSurroundings): Promise<RunningServer> {
  const { serve, git } = config;
  const logger = createLogger({ level: logLevels[config.verbosity], stream: surroundings.logStream });
  const runs = openStore(serve.dataDirectory);
  const warmPool = createPool(config, surroundings.environment, { runs, logger });
  const runners = createRunners(config, surroundings.environment, warmPool);
  // Without a credential there is nothing to start for.
  runners(config.agent);
  const fromEnvironment = serve.keys === undefined ? [] : parseKeys(serve.keys, "AGENT_WORKER_SERVER_KEYS");
  const keys = await openKeys({ ...serve, keys: fromEnvironment }, logger);
  const page = findPageDirectory();
  const store = await openSqliteTaskStore(join(serve.dataDirectory, "tasks.sqlite"));
  return openServer({
    settings: { ...serve, version: surroundings.version },
    dispatch: defaultDispatcherSettings,
    limits: defaultLimits,
    store,
    runs,
    repositories: createRepositories({ ...serve, git, caBundle: config.container.caBundle }),
    runners,
    warm: createWarmTasks(warmPool, config.agent),
    sessions: createTaskSessions({ store, runs, dataDirectory: serve.dataDirectory }),
    ...(page === undefined ? {} : { page: createPageHandler(page) }),
    recover: createRecovery({
      runs,
      dataDirectory: serve.dataDirectory,
      ports: (signal) => createCleaningPorts({ engine: buildEngineSettings(config), git }, signal),
      logger,
    }),
    metrics: createMetrics(),
    keys,
    agents: { standard: config.agent, names: agentNames },
    agentCli: createAgentProbe({
      name: config.agent,
      engine: buildEngineSettings(config),
      image: buildImageRequest(config.container, surroundings.environment),
    }),
    git,
    logger,
  });
}

/** One for each agent; runs are kept in the server's own directory. */
function createRunners(config: Config, environment: ServerSurroundings["environment"], warm: WarmPool) {
  const directories = { ...config.directories, state: config.serve.dataDirectory };
  const special = { branchInside, warm };
  return (agent: string) => buildRunner({ ...config, agent, directories, executionMode: "cli" }, environment, special);
}

/** The model is told of it: it must be the same whether the agent has waited for its task or not. */
const branchInside = "agent/task";
const warmAgeMs = 30 * 60_000;

function createPool(
  config: Config,
  environment: ServerSurroundings["environment"],
  { runs, logger }: { readonly runs: Store; readonly logger: Logger },
): WarmPool {
  const { git } = buildCommonParts(config);
  return createWarmPool({
    limit: config.serve.warm,
    maxAgeMs: warmAgeMs,
    settings: { ...buildContainedSettings(config, environment), branchInside },
    git,
    loadCli: loadAgentCli,
    openPlace: (repository) => openWaitingPlace(runs, config.directories.runtime, repository),
    log: logger,
  });
}

import type { MiddlewareHandler } from "hono";
import type { Health } from "../protocol/server-info.ts";
import type { GitSettings } from "../git/git-environment.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import type { TaskStore } from "../store/tasks/task-store.ts";
import type { AccessParts } from "./access/authenticate.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { Logger } from "./logger.ts";
import type { Repositories } from "./repositories/repositories.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { StreamParts } from "./stream/stream-parts.ts";

/** What the HTTP surface stands on; built by openServer. */
export interface ServerParts extends AccessParts {
  readonly settings: ServerSettings;
  readonly limits: ServerLimits;
  readonly store: TaskStore;
  readonly repositories: Repositories;
  /** The records of attempts. */
  readonly runs: Pick<Store, "removeRun">;
  readonly dispatcher: Pick<Dispatcher, "wake" | "status">;
  /** A commit has come that tasks will start from. */
  readonly onBasePushed?: (directory: string, base: string) => void;
  readonly metrics: Metrics;
  readonly stream: StreamParts;
  /** The files of the page. Undefined where nothing is to be shown. */
  readonly page?: MiddlewareHandler | undefined;
  readonly totals: () => Pick<Health, "totals" | "successRate">;
  /** What runs the agents, as far as it is known now. */
  readonly agentCli: () => Promise<Health["agentCli"]>;
  readonly agents: { readonly standard: string; readonly names: readonly string[] };
  readonly git: GitSettings;
  readonly logger: Logger;
}

/** The parts as routes see them. */
export interface RouteParts extends ServerParts {
  /** Aborted when the server goes away: nothing waits any longer. */
  readonly closing: AbortSignal;
  /** True: nothing new is taken. */
  readonly isDraining: () => boolean;
}

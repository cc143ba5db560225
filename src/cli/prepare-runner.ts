import type { LoadedConfig } from "../config/load-config.ts";
import type { Runner } from "../core/runner.ts";
import { WorkerError } from "../core/worker-error.ts";
import type { CliContext } from "./context.ts";
import { tellWarnings } from "./load-settings.ts";

/**
 * What carries out tasks under a configuration. Throws what no run could work with: MODE_UNSUPPORTED, AGENT_UNKNOWN,
 * CREDENTIAL_MISSING. The warnings are told then, for they may be the reason, and no run will tell them.
 */
export async function prepareRunner(loaded: LoadedConfig, context: CliContext): Promise<Runner> {
  try {
    if (loaded.config.executionMode === "server") throw buildUnsupportedError();
    return await context.buildRunner(loaded.config);
  } catch (error) {
    tellWarnings(loaded, context);
    throw error;
  }
}

function buildUnsupportedError(): WorkerError {
  return new WorkerError("MODE_UNSUPPORTED", "This version of agent-worker runs tasks in cli mode only.", {
    hint: "Leave out --execution-mode server (or AGENT_EXECUTION_MODE).",
  });
}

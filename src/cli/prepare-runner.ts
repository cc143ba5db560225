import type { LoadedConfig } from "../config/load-config.ts";
import type { Runner } from "../core/runner.ts";
import type { CliContext } from "./context.ts";
import { tellWarnings } from "./load-settings.ts";

/**
 * What carries out tasks under a configuration. Throws what no run could work with: AGENT_UNKNOWN, CREDENTIAL_MISSING. The warnings
 * are told then, for they may be the reason, and no run will tell them.
 */
export async function prepareRunner(loaded: LoadedConfig, context: CliContext): Promise<Runner> {
  try {
    return await context.buildRunner(loaded.config);
  } catch (error) {
    tellWarnings(loaded, context);
    throw error;
  }
}

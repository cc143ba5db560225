import { loadConfig } from "../config/load-config.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { FlagValues } from "../config/read-flags.ts";
import { createPalette } from "./palette.ts";
import type { CliContext } from "./context.ts";

/** Loads the configuration for a command and tells its warnings on stderr. */
export async function loadSettings(flags: FlagValues, context: CliContext): Promise<LoadedConfig> {
  const { environment, workingDirectory, stderr, signal } = context;
  const loaded = await loadConfig({
    flags,
    environment,
    workingDirectory,
    async isTracked(file) {
      // Loaded here because most directories have no `.env`.
      const { isTracked } = await import("../git/is-tracked.ts");
      return isTracked(file, { path: environment["PATH"] ?? "", home: environment["HOME"] ?? "/" }, signal);
    },
  });
  const { yellow } = createPalette({ color: loaded.config.color, stream: stderr, environment });
  for (const { message } of loaded.warnings) stderr.write(`${yellow("warning:")} ${message}\n`);
  return loaded;
}

import { loadConfig } from "../config/load-config.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { FlagValues } from "../config/read-flags.ts";
import { toPrintableLines } from "../util/printable.ts";
import { createPalette } from "./palette.ts";
import type { CliContext } from "./context.ts";

/** Loads the configuration for a command and tells its warnings on stderr. */
export async function loadSettings(flags: FlagValues, context: CliContext): Promise<LoadedConfig> {
  const loaded = await loadRunSettings(flags, context);
  tellWarnings(loaded, context);
  return loaded;
}

/** The same for a command that starts a run, which tells the warnings among its own. */
export async function loadRunSettings(flags: FlagValues, context: CliContext): Promise<LoadedConfig> {
  const { environment, workingDirectory, signal } = context;
  return loadConfig({
    flags,
    environment,
    workingDirectory,
    async isTracked(file) {
      // Loaded here because most directories have no `.env`.
      const { isTracked } = await import("../git/is-tracked.ts");
      return isTracked(file, { path: environment["PATH"] ?? "", home: environment["HOME"] ?? "/" }, signal);
    },
  });
}

/** On stderr, unless the user wants it quiet. */
export function tellWarnings({ config, warnings }: LoadedConfig, { stderr, environment }: CliContext): void {
  if (config.verbosity === "quiet") return;
  const { yellow } = createPalette({ color: config.color, stream: stderr, environment });
  for (const { message, code } of warnings) {
    stderr.write(`${yellow("warning:")} ${toPrintableLines(message)} (${code})\n`);
  }
}

import type { Config } from "../../config/config.ts";
import { buildEngineSettings } from "../../container/engine-settings.ts";
import type { Palette } from "../../report/palette.ts";
import { openStore } from "../../store/store.ts";
import type { Store } from "../../store/store.ts";
import type { CleaningSurroundings } from "../../worker/cleaning/cleaning-ports.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";
import { createPalette } from "../palette.ts";

/** What the commands about runs need. */
export interface RunsSetting {
  readonly config: Config;
  readonly store: Store;
  readonly palette: Palette;
}

export async function openRuns({ flags }: Pick<CommandOptions, "flags">, context: CliContext): Promise<RunsSetting> {
  const { environment, stdout } = context;
  const { config } = await loadSettings(flags, context);
  const palette = createPalette({ color: config.color, stream: stdout, environment });
  return { config, store: openStore(config.directories.state), palette };
}

/** Where the leftovers of runs are looked for. */
export function buildCleaningSurroundings(config: Config): CleaningSurroundings {
  return { engine: buildEngineSettings(config), git: config.git };
}

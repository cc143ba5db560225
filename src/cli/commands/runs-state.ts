import type { Config } from "../../config/config.ts";
import type { Palette } from "../../report/palette.ts";
import { openStore } from "../../store/store.ts";
import type { Store, StoredRun } from "../../store/store.ts";
import { readLiveness } from "../../util/process-identity.ts";
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

/**
 * How a run stands: its outcome, or `running`, or `killed` (its process ended without a word), or `elsewhere` (another host
 * carries it out, or was killed), or `damaged`.
 */
export type RunState =
  | NonNullable<NonNullable<StoredRun["record"]>["outcome"]>
  | "running"
  | "killed"
  | "elsewhere"
  | "damaged";

export function readRunState({ record }: StoredRun): RunState {
  if (record === null) return "damaged";
  if (record.outcome !== null) return record.outcome;
  if (record.endedAt !== null) return "killed";
  const states = { alive: "running", gone: "killed", elsewhere: "elsewhere" } as const;
  return states[readLiveness(record)];
}

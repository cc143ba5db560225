import type { FlagValues } from "../config/read-flags.ts";
import type { CliContext } from "./context.ts";

/** What the command line said to a command. A command asks for the part that it declares. */
export interface CommandOptions {
  /** The flags of the table of settings, for `loadSettings`. */
  readonly flags: FlagValues;
  /** The word behind the command: a run id or its beginning, a shell. Empty where it takes none. */
  readonly argument: string;
  /** All words behind the command. */
  readonly runIds: readonly string[];
  /** Print JSON and nothing else. */
  readonly json: boolean;
  /** false: `--no-cache`. */
  readonly cache: boolean;
  /** Which log of a run. */
  readonly log: "events" | "agent" | "stderr";
  /** Wait for more, until the run has ended. */
  readonly follow: boolean;
  /** Only runs that began longer ago than this duration. */
  readonly olderThan: string | undefined;
  /** Also what would be lost for good. */
  readonly force: boolean;
  /** All that there are. */
  readonly all: boolean;
}

export interface RunCommandOptions {
  readonly flags: FlagValues;
  readonly task: string | undefined;
  /** `-` is stdin. */
  readonly taskFile: string | undefined;
}

/** Carries out a command; the answer is the process's exit code. */
export type CommandFunction = (options: CommandOptions, context: CliContext) => Promise<number>;

import type { Readable, Writable } from "node:stream";
import type { Config } from "../config/config.ts";
import type { Runner } from "../core/runner.ts";
import type { ServerRuns } from "./runs/server-runs.ts";
import type { RunningServer } from "../server/open-server.ts";

/** What a command may touch of the process it runs in. */
export interface CliContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly stdin: Readable;
  /** The report, and nothing else. `isTTY` and `columns` are those of a terminal, where it is one. */
  readonly stdout: CliOutput;
  /** The talk: progress, warnings, errors. */
  readonly stderr: CliOutput;
  /** Aborted with a CancelSignal as its reason. */
  readonly signal: AbortSignal;
  /** Aborted by a second signal: nothing is waited for any more. */
  readonly killSignal?: AbortSignal | undefined;
  /** What carries out tasks under a configuration; main.ts hands in the wire. */
  buildRunner(config: Config): Promise<Runner>;
  /** The same for runs on task servers. */
  buildServerRuns(config: Config): Promise<ServerRuns>;
  /** The task server that a configuration describes, listening. `version` is this program's. */
  buildServer(config: Config, version: string): Promise<RunningServer>;
  /** Calls `reload` on SIGHUP, which else ends the process. */
  onHangup(reload: () => void): void;
}

/** A stream that may be a terminal. */
export type CliOutput = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };

import { toWorkerError, WorkerError } from "../../core/worker-error.ts";
import { toPrintable } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { chooseServerRuns, requireUnfollowed } from "../runs/choose-server-runs.ts";
import type { ServerRun } from "../runs/choose-server-runs.ts";
import { openRuns } from "../runs/open-runs.ts";
import type { RunsSetting } from "../runs/open-runs.ts";
import { readServerState } from "../runs/server-state.ts";
import { resumeServerRun } from "./runs-resume.ts";

type CollectOptions = Pick<CommandOptions, "flags" | "runIds" | "all">;

/** What a script is told about a run that has not ended: try again later. */
const unfinishedExitCode = 4;

/**
 * `runs collect`: fetches, publishes and reports what has ended, one run after the other, and says what has not. The exit code is the
 * first that is not 0; with `--all` what has not ended is no failure.
 */
export async function runsCollectCommand(options: CollectOptions, context: CliContext): Promise<number> {
  if (options.all === options.runIds.length > 0) {
    throw new WorkerError("USAGE", "runs collect takes the ids of runs, or --all.");
  }
  const setting = await openRuns(options, context);
  const chosen = await chooseServerRuns(setting.store, options.runIds);
  if (chosen.length === 0) context.stderr.write("There is nothing to collect.\n");
  const exitCodes: number[] = [];
  for (const run of chosen) exitCodes.push(await collect(run, { ...setting, all: options.all }, context));
  return exitCodes.find((exitCode) => exitCode !== 0) ?? 0;
}

interface CollectSetting extends RunsSetting {
  readonly all: boolean;
}

async function collect(run: ServerRun, setting: CollectSetting, context: CliContext): Promise<number> {
  const { stderr, signal } = context;
  try {
    requireUnfollowed(run);
    if (!run.record.server.settled) {
      const runs = await context.buildServerRuns(setting.config);
      const { state, outcome } = await readServerState(runs, run, signal);
      if (outcome === null) {
        stderr.write(`${toPrintable(`${run.id}: not finished (${state})`)}\n`);
        return setting.all ? 0 : unfinishedExitCode;
      }
    }
    return await resumeServerRun(run, setting, context);
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint, exit } = toWorkerError(error);
    stderr.write(`${toPrintable(`${run.id}: ${message} ${hint}`)}\n`);
    return exit;
  }
}

import { toExitCode } from "../../core/outcome.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import { toPrintable } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { chooseServerRuns } from "../runs/choose-server-runs.ts";
import type { ServerRun } from "../runs/choose-server-runs.ts";
import { openRuns } from "../runs/open-runs.ts";
import type { ServerRuns } from "../runs/server-runs.ts";
import { waitForServer } from "../runs/server-state.ts";

/** `runs wait`: until the tasks have ended; a line for each as it ends. The exit code is that of the first, as named, that is not 0. */
export async function runsWaitCommand(
  options: Pick<CommandOptions, "flags" | "runIds">,
  context: CliContext,
): Promise<number> {
  const { config, store } = await openRuns(options, context);
  const chosen = await chooseServerRuns(store, options.runIds);
  if (chosen.length === 0) context.stderr.write("There is nothing to wait for.\n");
  const runs = await context.buildServerRuns(config);
  const exitCodes = await Promise.all(chosen.map((run) => waitFor(run, runs, context)));
  return exitCodes.find((exitCode) => exitCode !== 0) ?? 0;
}

async function waitFor(run: ServerRun, runs: ServerRuns, { stdout, stderr, signal }: CliContext): Promise<number> {
  const { record, id } = run;
  const onAway = (why: string): void => void stderr.write(`${toPrintable(`${id}: ${why} Waiting for it.`)}\n`);
  try {
    const known = record.server.settled ? record.outcome : null;
    const { state, outcome } =
      known === null ? await waitForServer(runs, run, { signal, onAway }) : { state: known, outcome: known };
    stdout.write(`${toPrintable(`${id}  ${state}`)}\n`);
    return outcome === null ? 4 : toExitCode(outcome);
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint, exit } = toWorkerError(error);
    stderr.write(`${toPrintable(`${id}: ${message} ${hint}`)}\n`);
    return exit;
  }
}

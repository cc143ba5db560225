import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { createCleaningPorts } from "../../worker/cleaning/cleaning-ports.ts";
import { requireServerRun, requireUnfollowed } from "../runs/choose-server-runs.ts";
import type { ServerRun } from "../runs/choose-server-runs.ts";
import { buildCleaningSurroundings, openRuns } from "../runs/open-runs.ts";
import type { RunsSetting } from "../runs/open-runs.ts";
import { carryOutRun } from "./run.ts";

/** `runs resume`: a run of a killed or detached process, followed to its end. One that was settled shows its report again. */
export async function runsResumeCommand(
  options: Pick<CommandOptions, "flags" | "argument">,
  context: CliContext,
): Promise<number> {
  const setting = await openRuns(options, context);
  const run = requireServerRun(await setting.store.readRun(options.argument));
  requireUnfollowed(run);
  return resumeServerRun(run, setting, context);
}

/** Follows a run to its end, prints its report; the exit code is its outcome's. */
export async function resumeServerRun(
  run: ServerRun,
  { config, store }: Pick<RunsSetting, "config" | "store">,
  context: CliContext,
): Promise<number> {
  const { record, paths, id } = run;
  const known = record.server.settled ? await store.readReport(id) : null;
  const runs = await context.buildServerRuns(config);
  // What the earlier process could not take with it.
  if (known === null)
    await createCleaningPorts(buildCleaningSurroundings(config), context.signal).removeRuntimeDirectory(record);
  return carryOutRun(
    async (options) => known ?? runs.resume({ directory: paths.directory, record }, options),
    { config, notes: [] },
    context,
  );
}

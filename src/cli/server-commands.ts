import type { Command } from "commander";
import { options } from "../config/options.ts";
import { addCalledFlags, addTaskFlags, declare, onCall } from "./declaring.ts";
import type { Declaring } from "./declaring.ts";
import { collectFlags, submitSettings } from "./setting-flags.ts";

/** How to speak to a server, and what is printed of a run. */
const serverSettings = [options.serverUrls, options.serverApiKey, options.caBundle];
const reportSettings = [options.output, options.reports];

/** The commands about runs that a task server carries out. */
export function declareServerRuns(runs: Command, declaring: Declaring): void {
  declareSubmit(runs, declaring);
  const wait = declare(
    runs,
    ["wait [run...]", "wait until runs on a server have ended; without ids, for all"],
    declaring,
  );
  onCall(addCalledFlags(wait, serverSettings, declaring), declaring, async () => {
    return (await import("./commands/runs-wait.ts")).runsWaitCommand;
  });
  const collect = declare(
    runs,
    ["collect [run...]", "fetch what runs on a server have done: branch and report"],
    declaring,
  );
  addCalledFlags(collect, [...serverSettings, ...reportSettings], declaring).option(
    "--all",
    "all that can be collected",
  );
  onCall(collect, declaring, async () => (await import("./commands/runs-collect.ts")).runsCollectCommand);
  const resume = declare(
    runs,
    ["resume <run>", "follow a run on a server again, to its end: branch and report"],
    declaring,
  );
  onCall(addCalledFlags(resume, [...serverSettings, ...reportSettings], declaring), declaring, async () => {
    return (await import("./commands/runs-resume.ts")).runsResumeCommand;
  });
}

function declareSubmit(runs: Command, declaring: Declaring): void {
  const { context, ending } = declaring;
  const submit = runs
    .command("submit")
    .description("hand a task to a server, print the run's id, and wait for nothing");
  addCalledFlags(addTaskFlags(submit), submitSettings, declaring);
  submit.action(async (own: { task?: string; taskFile?: string }) => {
    const { runsSubmitCommand } = await import("./commands/runs-submit.ts");
    const request = { flags: collectFlags(submit), task: own.task, taskFile: own.taskFile };
    ending.exitCode = await runsSubmitCommand(request, context);
  });
}

import { Option } from "commander";
import type { Command } from "commander";
import { options } from "../config/options.ts";
import { addCalledFlags, addTaskFlags, declare, logNames, onCall } from "./declaring.ts";
import type { Declaring } from "./declaring.ts";
import { serveHelp } from "./help-texts.ts";
import { declareServerRuns } from "./server-commands.ts";
import {
  addSettingFlags,
  collectFlags,
  demoSettings,
  doctorSettings,
  everySetting,
  imageSettings,
  serveSettings,
} from "./setting-flags.ts";
import { buildWordsError } from "./usage-error.ts";

/** Declares the commands; each is one file, loaded when it is called. `run` comes first: it is the default. */
export function declareCommands(program: Command, declaring: Declaring): void {
  declareRun(program, declaring);
  const runs = program.command("runs").description("list, show, clean up and take up runs");
  declareRuns(runs, declaring);
  declareServerRuns(runs, declaring);
  declareImage(program.command("image").description("build, list and remove the images agents run in"), declaring);
  declareOthers(program, declaring);
}

function declareRun(program: Command, { context, ending }: Declaring): void {
  const run = program.command("run", { isDefault: true }).description("carry out one task (the default command)");
  addTaskFlags(run).allowExcessArguments();
  addSettingFlags(run, everySetting).action(async (own: { task?: string; taskFile?: string }) => {
    if (run.args.length > 0) throw buildWordsError(run.args, run);
    const { runCommand } = await import("./commands/run.ts");
    const request = { flags: collectFlags(run), task: own.task, taskFile: own.taskFile };
    ending.exitCode = await runCommand(request, context);
  });
}

function declareRuns(runs: Command, declaring: Declaring): void {
  const list = declare(runs, ["list", "the runs on this machine, the newest first"], declaring).option(
    "--json",
    "print JSON",
  );
  onCall(list, declaring, async () => (await import("./commands/runs-list.ts")).runsListCommand);
  const show = declare(
    runs,
    ["show <run>", "the report of a run: its id, a beginning or an end of it, or latest"],
    declaring,
  );
  onCall(show.option("--json", "print JSON"), declaring, async () => {
    return (await import("./commands/runs-show.ts")).runsShowCommand;
  });
  const logs = declare(
    runs,
    ["logs <run>", "the events of a run: its id, a beginning or an end of it, or latest"],
    declaring,
  );
  logs
    .option("--json", "print the lines as they are stored")
    .option("--follow", "wait for more, until the run has ended")
    .addOption(new Option("--log <NAME>", "which log (default: events)").choices(logNames));
  onCall(logs, declaring, async () => {
    return (await import("./commands/runs-logs.ts")).runsLogsCommand;
  });
  const clean = declare(
    runs,
    ["clean [run...]", "remove what killed runs left behind; with ids or an age, whole runs"],
    declaring,
  );
  addCalledFlags(clean, [options.dryRun], declaring)
    .option("--older-than <AGE>", "remove the runs that began longer ago, such as 30d")
    .option("--force", "remove work that no branch holds too, and runs of other hosts");
  onCall(clean, declaring, async () => (await import("./commands/runs-clean.ts")).runsCleanCommand);
}

function declareImage(image: Command, declaring: Declaring): void {
  const build = addCalledFlags(
    declare(image, ["build", "build the image, where it is not there yet"], declaring),
    imageSettings,
    declaring,
  );
  onCall(build.option("--no-cache", "build every step again"), declaring, async () => {
    return (await import("./commands/image-build.ts")).imageBuildCommand;
  });
  const list = addCalledFlags(
    declare(image, ["list", "the images on this machine"], declaring),
    imageSettings,
    declaring,
  );
  onCall(list, declaring, async () => (await import("./commands/image-list.ts")).imageListCommand);
  const prune = declare(image, ["prune", "remove all images but the current one and those in use"], declaring);
  onCall(addCalledFlags(prune, [...imageSettings, options.dryRun], declaring), declaring, async () => {
    return (await import("./commands/image-prune.ts")).imagePruneCommand;
  });
}

function declareOthers(program: Command, declaring: Declaring): void {
  const { context, ending } = declaring;
  const serve = addCalledFlags(program.command("serve").description("run the task server"), serveSettings, declaring);
  serve.addHelpText("after", serveHelp);
  onCall(serve, declaring, async () => (await import("./commands/serve.ts")).serveCommand);
  const doctor = declare(
    program,
    ["doctor", "what is wrong on this machine, and the command that mends it"],
    declaring,
  );
  addCalledFlags(doctor, doctorSettings, declaring).option("--json", "print JSON");
  onCall(doctor, declaring, async () => (await import("./commands/doctor.ts")).doctorCommand);
  const config = program.command("config").description("every setting, its value and where it comes from");
  onCall(addCalledFlags(config, everySetting, declaring).option("--json", "print JSON"), declaring, async () => {
    return (await import("./commands/config.ts")).configCommand;
  });
  const demo = program.command("demo").description("run a small task in a repository of its own");
  addCalledFlags(demo, demoSettings, declaring)
    .option("--note <TEXT>", "a remark for the summary")
    .option("--server", "through a task server on loopback, which ends with the task");
  demo.action(async (own: { note?: string; server?: boolean }) => {
    const { demoCommand } = await import("./commands/demo.ts");
    const order = { flags: collectFlags(demo), note: own.note, server: own.server ?? false };
    ending.exitCode = await demoCommand(order, context);
  });
  const completion = declare(program, ["completion <shell>", "a completion script: bash, zsh or fish"], declaring);
  onCall(completion, declaring, async () => {
    const { completionCommand } = await import("./commands/completion.ts");
    return (called, context) => completionCommand({ shell: called.argument, program }, context);
  });
}

import type { Command } from "commander";
import type { Option as Setting } from "../config/option.ts";
import type { CommandFunction, CommandOptions } from "./command-options.ts";
import type { CliContext } from "./context.ts";
import { addSettingFlags, collectFlags, outputSettings } from "./setting-flags.ts";

export const logNames = ["events", "agent", "stderr"] as const;

export interface Declaring {
  readonly context: CliContext;
  readonly ending: { exitCode: number };
  readonly argv: readonly string[];
}

/** A command, named and described, with the flags that all have. */
export function declare(parent: Command, [name, description]: [string, string], declaring: Declaring): Command {
  return addCalledFlags(parent.command(name).description(description), outputSettings, declaring);
}

/** Only commands that the command line names get their many flags, which take a tenth of the time that --help has. */
export function addCalledFlags(command: Command, settings: readonly Setting<unknown>[], { argv }: Declaring): Command {
  return argv.includes(command.name()) || argv.includes("completion") ? addSettingFlags(command, settings) : command;
}

interface CleaningFlags {
  olderThan?: string;
  force?: boolean;
  all?: boolean;
}

export function onCall(command: Command, { context, ending }: Declaring, load: () => Promise<CommandFunction>): void {
  command.action(async () => {
    const carryOut = await load();
    const own: { json?: boolean; cache?: boolean; follow?: boolean; log?: string } & CleaningFlags = command.opts();
    const called: CommandOptions = {
      flags: collectFlags(command),
      argument: command.args[0] ?? "",
      runIds: command.args,
      json: own.json ?? false,
      cache: own.cache ?? true,
      follow: own.follow ?? false,
      log: logNames.find((name) => name === own.log) ?? "events",
      olderThan: own.olderThan,
      force: own.force ?? false,
      all: own.all ?? false,
    };
    ending.exitCode = await carryOut(called, context);
  });
}

/** What is to be done. */
export function addTaskFlags(command: Command): Command {
  return command
    .optionsGroup("Task:")
    .option("--task <TEXT>", "the task, as the agent gets it, byte for byte")
    .option("--task-file <FILE>", "read the task from a file; - is stdin");
}

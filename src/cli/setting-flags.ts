import { Option as CommandOption } from "commander";
import type { Command } from "commander";
import { containerOptions } from "../config/container-options.ts";
import type { Option as SettingOption } from "../config/option.ts";
import { optionList, options } from "../config/options.ts";
import { serveOptions } from "../config/serve-options.ts";
import type { FlagValues } from "../config/read-flags.ts";

/** Settings that concern what a command prints. */
export const outputSettings = [options.verbosity, options.color];

/** Settings that concern the image and its build. */
export const imageSettings = [options.image, options.baseImage, options.buildNetwork, options.caBundle];

const onlyOfServe = new Set<SettingOption<unknown>>(Object.values(serveOptions));

/** Settings of a run. */
export const everySetting = optionList.filter((setting) => setting.flags.length > 0 && !onlyOfServe.has(setting));

/** Settings that say nothing to who only hands a task over: a server has containers of its own, and there is no report yet. */
const notOfSubmit = new Set<SettingOption<unknown>>([
  ...Object.values(containerOptions),
  options.executionMode,
  options.reports,
  options.dryRun,
]);

export const submitSettings = [...everySetting.filter((setting) => !notOfSubmit.has(setting)), options.caBundle];

/** Settings of the task server: its own, and those of the containers it runs. */
export const serveSettings = [
  ...Object.values(serveOptions).filter(({ flags }) => flags.length > 0),
  ...Object.values(containerOptions),
  ...outputSettings,
];

/** Settings that are decided already where the repository is our own. */
const decidedByDemo = new Set<SettingOption<unknown>>([
  options.repository,
  options.base,
  options.branch,
  options.onBranchExists,
  options.executionMode,
  options.serverUrls,
  options.serverApiKey,
  options.session,
  options.dryRun,
]);

export const demoSettings = everySetting.filter((setting) => !decidedByDemo.has(setting));

/** Settings whose consequences `doctor` looks at. */
export const doctorSettings = [
  options.repository,
  options.executionMode,
  options.serverUrls,
  options.serverApiKey,
  ...imageSettings,
];

/** Declares the flags of settings on a command, described for --help. */
export function addSettingFlags(command: Command, settings: readonly SettingOption<unknown>[]): Command {
  for (const setting of settings) {
    for (const { name, argument, meaning } of setting.flags) {
      const declared = argument === undefined ? name : `${name} <${argument}>`;
      const option = new CommandOption(declared, describe(setting, meaning)).helpGroup(`${setting.group}:`);
      if (argument !== undefined) {
        // Every value is kept: which one counts, and whether it is right, is decided by the configuration.
        option.argParser((value, earlier: readonly string[] | undefined) => [...(earlier ?? []), value]);
      }
      command.addOption(option);
    }
  }
  return command;
}

/** The flags of settings that a command was given. */
export function collectFlags(command: Command): FlagValues {
  const known = new Set(optionList.flatMap(({ flags }) => flags.map(({ name }) => name)));
  const flags = new Map<string, readonly string[]>();
  for (const option of command.options) {
    const name = option.long ?? "";
    if (!known.has(name) || command.getOptionValueSource(option.attributeName()) !== "cli") continue;
    const value: unknown = command.getOptionValue(option.attributeName());
    flags.set(name, Array.isArray(value) ? value.map(String) : []);
  }
  return flags;
}

function describe(setting: SettingOption<unknown>, meaning: string | undefined): string {
  const notes: string[] = [];
  if (setting.repeatable) notes.push("repeatable");
  const standard = setting.defaultText ?? setting.defaultNote;
  if (meaning === undefined && standard !== undefined && standard !== "none") notes.push(`default: ${standard}`);
  if (setting.environment.length > 0) notes.push(`env: ${setting.environment.map(({ name }) => name).join(", ")}`);
  const text = meaning === undefined ? describeValues(setting) : describeSwitch(setting, meaning);
  return notes.length === 0 ? text : `${text} (${notes.join("; ")})`;
}

function describeValues({ description, choices }: SettingOption<unknown>): string {
  return choices.length === 0 ? description : `${description}: ${choices.join(", ")}`;
}

/** A switch that chooses one of several values is described by that. */
function describeSwitch({ description, choices }: SettingOption<unknown>, meaning: string): string {
  return choices.length === 0 ? description : `${description}: ${meaning}`;
}

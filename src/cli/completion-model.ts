import type { Command, Option } from "commander";
import { optionList } from "../config/options.ts";

/** What a shell may propose after the words of a command. */
export interface CompletionCommand {
  /** The words that lead here: empty for the program, `["runs", "list"]`. */
  readonly words: readonly string[];
  readonly description: string;
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly CompletionFlag[];
}

export interface CompletionFlag {
  readonly name: string;
  readonly description: string;
  readonly argument: CompletionArgument | undefined;
}

export interface CompletionArgument {
  readonly kind: "choices" | "file" | "directory" | "text";
  readonly choices: readonly string[];
}

export const shells = ["bash", "zsh", "fish"] as const;

/** Everything that can be completed, from the program as it is declared. The default command's flags are the program's too. */
export function buildCompletionModel(program: Command): readonly CompletionCommand[] {
  const commands = listCommands(program, []);
  const run = commands.find(({ words }) => words.join(" ") === "run");
  const withDefault = (command: CompletionCommand) => ({
    ...command,
    flags: [...(run?.flags ?? []), ...command.flags],
  });
  return commands.map((command) => (command.words.length === 0 ? withDefault(command) : command));
}

function listCommands(command: Command, words: readonly string[]): CompletionCommand[] {
  const children = command.commands.map((child) => ({ name: child.name(), description: child.description() }));
  const flags = command.options.map(toFlag);
  const takesShell = command.registeredArguments.some((argument) => argument.name() === "shell");
  const own: CompletionCommand = {
    words,
    description: command.description(),
    children: [...children, ...(takesShell ? shells : []).map((name) => ({ name, description: `script for ${name}` }))],
    flags: [...flags, { name: "--help", description: "show help", argument: undefined }],
  };
  return [own, ...command.commands.flatMap((child) => listCommands(child, [...words, child.name()]))];
}

function toFlag(option: Option): CompletionFlag {
  const name = option.long ?? option.flags;
  return { name, description: option.description, argument: findArgument(option, name) };
}

function findArgument({ flags, required, argChoices }: Option, name: string): CompletionArgument | undefined {
  if (!required) return undefined;
  const setting = optionList.find((row) => row.flags.some((flag) => flag.name === name));
  const choices = argChoices ?? setting?.choices ?? [];
  if (choices.length > 0) return { kind: "choices", choices };
  if (flags.includes("FILE")) return { kind: "file", choices };
  return { kind: flags.includes("DIR") ? "directory" : "text", choices };
}

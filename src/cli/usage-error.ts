import type { Command, CommanderError } from "commander";
import { WorkerError } from "../core/worker-error.ts";
import { quote } from "../util/quote.ts";
import { suggest } from "../util/suggest.ts";

/** What commander found wrong with the command line, with the name that was probably meant. */
export function toUsageError(error: CommanderError, command: Command): WorkerError {
  const message = error.message.replace(/^error: /, "");
  const [, given = ""] = /'([^']*)'/.exec(message) ?? [];
  switch (error.code) {
    case "commander.unknownOption":
      return buildUnknownError("flag", given, { known: listFlags(command), command });
    case "commander.unknownCommand":
      return buildUnknownError("command", given, { known: listCommands(command), command });
    case "commander.help":
      return new WorkerError("USAGE", `${command.name()} needs a command: ${listCommands(command).join(", ")}.`, {
        hint: pointToHelp(command),
      });
    default:
      return new WorkerError("USAGE", toSentence(message), { hint: pointToHelp(command) });
  }
}

/** For words behind `run`, which takes none: a command's name misspelt, or a task without its flag. */
export function buildWordsError(words: readonly string[], command: Command): WorkerError {
  const [word = ""] = words;
  const known = listCommands(command.parent ?? command);
  const error = buildUnknownError("command", word, { known, command });
  if (suggest(word, known) !== undefined) return error;
  const hint = `A task is given with --task "...". ${error.hint ?? ""}`;
  return new WorkerError("USAGE", error.message, { hint });
}

interface Known {
  readonly known: readonly string[];
  readonly command: Command;
}

function buildUnknownError(what: string, given: string, { known, command }: Known): WorkerError {
  const match = suggest(given, known);
  return new WorkerError("USAGE", `Unknown ${what} ${quote(given)}.`, {
    hint: match === undefined ? pointToHelp(command) : `Did you mean ${match}?`,
  });
}

function listFlags(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []).concat("--help");
}

function listCommands(command: Command): string[] {
  return command.commands.map((child) => child.name());
}

function pointToHelp(command: Command): string {
  const names: string[] = [];
  for (let current: Command | null = command; current !== null; current = current.parent) names.unshift(current.name());
  return `See \`${names.join(" ")} --help\`.`;
}

function toSentence(text: string): string {
  const [line = ""] = text.split("\n");
  return `${line.charAt(0).toUpperCase()}${line.slice(1).replace(/\.?$/, ".")}`;
}

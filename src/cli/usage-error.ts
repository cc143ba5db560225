import type { Command, CommanderError } from "commander";
import { WorkerError } from "../core/worker-error.ts";
import { quote } from "../util/quote.ts";
import { suggest } from "../util/suggest.ts";

/** What commander found wrong with the command line, with the name that was probably meant. */
export function toUsageError(error: CommanderError, command: Command): WorkerError {
  const message = error.message.replace(/^error: /, "");
  const [, given = ""] = /'([^']*)'/.exec(message) ?? [];
  const unknown = error.code === "commander.unknownOption";
  const match = unknown ? suggest(given, listFlags(command)) : undefined;
  return new WorkerError("USAGE", unknown ? `Unknown flag ${quote(given)}.` : toSentence(message), {
    hint: match === undefined ? pointToHelp(command) : `Did you mean ${match}?`,
  });
}

/** For words where there should be none: a command's name misspelt, or a task without its flag. */
export function buildWordsError(words: readonly string[], command: Command): WorkerError {
  const [word = ""] = words;
  const names = (command.parent ?? command).commands.map((known) => known.name());
  const match = suggest(word, names);
  return new WorkerError("USAGE", `Unknown command ${quote(word)}.`, {
    hint: match === undefined ? `A task is given with --task "...". ${pointToHelp(command)}` : `Did you mean ${match}?`,
  });
}

function listFlags(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []).concat("--help");
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

import type { CompletionArgument, CompletionCommand, CompletionFlag } from "./completion-model.ts";

/** For `agent-worker completion fish | source`. */
export function renderFishCompletion(commands: readonly CompletionCommand[]): string {
  const lines = commands.flatMap((command) => {
    const condition = `-n ${quoteWord(buildCondition(command, commands))}`;
    return [
      ...command.children.map(
        ({ name, description }) => `complete -c agent-worker ${condition} -a ${name} -d ${quoteWord(description)}`,
      ),
      ...command.flags.map((flag) => `complete -c agent-worker ${condition} ${renderFlag(flag)}`),
    ];
  });
  return `# fish completion of agent-worker\ncomplete -c agent-worker -f\n${lines.join("\n")}\n`;
}

/** All of the command's words are there, and none that leads further down. */
function buildCondition({ words }: CompletionCommand, commands: readonly CompletionCommand[]): string {
  const deeper = commands
    .filter((other) => other.words.length === words.length + 1 && words.every((word, at) => other.words[at] === word))
    .map((other) => other.words.at(-1) ?? "");
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
  const unseen = deeper.length === 0 ? [] : [`not __fish_seen_subcommand_from ${deeper.join(" ")}`];
  return [...seen, ...unseen].join("; and ");
}

function renderFlag({ name, description, argument }: CompletionFlag): string {
  return `-l ${name.slice(2)} -d ${quoteWord(description)}${argument === undefined ? "" : renderArgument(argument)}`;
}

function renderArgument({ kind, choices }: CompletionArgument): string {
  const forms = {
    choices: ` -x -a ${quoteWord(choices.join(" "))}`,
    file: " -r -F",
    directory: " -x -a '(__fish_complete_directories)'",
    text: " -x",
  };
  return forms[kind];
}

function quoteWord(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

import type { CompletionArgument, CompletionCommand } from "./completion-model.ts";

/** For `source <(agent-worker completion bash)`. Needs nothing of the bash-completion package. */
export function renderBashCompletion(commands: readonly CompletionCommand[]): string {
  const names = commands.filter(({ words }) => words.length > 0).map(({ words }) => words.join(" "));
  return `# bash completion of agent-worker
_agent_worker() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "\${command:+$command }$word" in
      ${names.map((name) => `"${name}"`).join(" | ")}) command="\${command:+$command }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$previous" in
${listArguments(commands).map(renderArgument).join("\n")}
  esac
  local words=""
  case "$command" in
${commands.map(renderCommand).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _agent_worker agent-worker
`;
}

function listArguments(commands: readonly CompletionCommand[]): [string, CompletionArgument][] {
  const flags = commands.flatMap((command) => command.flags);
  return [...new Map(flags.flatMap(({ name, argument }) => (argument === undefined ? [] : [[name, argument]])))];
}

function renderArgument([name, argument]: [string, CompletionArgument]): string {
  // Names with spaces: one a line; bash then quotes them itself.
  const byLine = String.raw`local IFS=$'\n'; compopt -o filenames 2>/dev/null; `;
  const proposals = {
    choices: `COMPREPLY=($(compgen -W "${argument.choices.join(" ")}" -- "$current")); `,
    file: `${byLine}COMPREPLY=($(compgen -f -- "$current")); `,
    directory: `${byLine}COMPREPLY=($(compgen -d -- "$current")); `,
    text: "",
  };
  return `    ${name}) ${proposals[argument.kind]}return ;;`;
}

function renderCommand({ words, children, flags }: CompletionCommand): string {
  const proposals = [...children, ...flags].map(({ name }) => name);
  return `    "${words.join(" ")}") words="${proposals.join(" ")}" ;;`;
}

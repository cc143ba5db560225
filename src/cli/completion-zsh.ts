import type { CompletionArgument, CompletionCommand, CompletionFlag } from "./completion-model.ts";

/** For `source <(agent-worker completion zsh)`, or as a file `_agent-worker` in $fpath. */
export function renderZshCompletion(commands: readonly CompletionCommand[]): string {
  const names = commands.filter(({ words }) => words.length > 0).map(({ words }) => words.join(" "));
  return `#compdef agent-worker
_agent_worker() {
  local command="" word
  local -a children
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${command:+$command }$word" in
      ${names.map((name) => `"${name}"`).join(" | ")}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command" in
${commands.map(renderCommand).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_agent_worker" ]; then
  _agent_worker "$@"
else
  compdef _agent_worker agent-worker
fi
`;
}

function renderCommand({ words, children, flags }: CompletionCommand): string {
  const described = children.map(({ name, description }) => quoteWord(`${name}:${description}`));
  const specifications = flags.map((flag) => `        ${quoteWord(renderFlag(flag))}`);
  return `    "${words.join(" ")}")
      children=(${described.join(" ")})
      (( \${#children} )) && _describe command children
      _arguments \\
${specifications.join(" \\\n")}
      ;;`;
}

/** `*` allows a flag more than once; brackets and colons have a meaning in the description. */
function renderFlag({ name, description, argument }: CompletionFlag): string {
  const text = description.replaceAll(/[[\]\\:]/g, String.raw`\$&`);
  return `*${name}[${text}]${argument === undefined ? "" : renderArgument(argument)}`;
}

function renderArgument({ kind, choices }: CompletionArgument): string {
  const forms = {
    choices: `:value:(${choices.join(" ")})`,
    file: ":file:_files",
    directory: ":directory:_files -/",
    text: ":value: ",
  };
  return forms[kind];
}

function quoteWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import type { Command } from "commander";
import { WorkerError } from "../../core/worker-error.ts";
import { quote } from "../../util/quote.ts";
import { formatSuggestion } from "../../util/suggest.ts";
import { renderBashCompletion } from "../completion-bash.ts";
import { renderFishCompletion } from "../completion-fish.ts";
import { buildCompletionModel, shells } from "../completion-model.ts";
import { renderZshCompletion } from "../completion-zsh.ts";
import type { CliContext } from "../context.ts";

const renderers = { bash: renderBashCompletion, zsh: renderZshCompletion, fish: renderFishCompletion };

export interface CompletionRequest {
  readonly shell: string;
  readonly program: Command;
}

/** `completion bash|zsh|fish`: a script that makes the shell complete commands, flags and their values. */
export function completionCommand({ shell, program }: CompletionRequest, { stdout }: CliContext): Promise<number> {
  const known = shells.find((name) => name === shell);
  if (known === undefined) {
    throw new WorkerError("USAGE", `There is no completion for ${quote(shell)}.`, {
      hint: `Choose one of ${shells.join(", ")}.${formatSuggestion(shell, shells)}`,
    });
  }
  stdout.write(renderers[known](buildCompletionModel(program)));
  return Promise.resolve(0);
}

import type { Command } from "commander";
import { WorkerError } from "../../core/worker-error.ts";
import { quote } from "../../util/quote.ts";
import { formatSuggestion } from "../../util/suggest.ts";
import { renderBashCompletion } from "../completion-bash.ts";
import { renderFishCompletion } from "../completion-fish.ts";
import { buildCompletionModel } from "../completion-model.ts";
import { renderZshCompletion } from "../completion-zsh.ts";
import type { CliContext } from "../context.ts";

const renderers = new Map([
  ["bash", renderBashCompletion],
  ["zsh", renderZshCompletion],
  ["fish", renderFishCompletion],
]);

export interface CompletionRequest {
  readonly shell: string;
  readonly program: Command;
}

/** `completion bash|zsh|fish`: a script that makes the shell complete commands, flags and their values. */
export function completionCommand({ shell, program }: CompletionRequest, { stdout }: CliContext): Promise<number> {
  const render = renderers.get(shell);
  if (render === undefined) {
    throw new WorkerError("USAGE", `There is no completion for ${quote(shell)}.`, {
      hint: `Choose one of ${[...renderers.keys()].join(", ")}.${formatSuggestion(shell, renderers.keys())}`,
    });
  }
  stdout.write(render(buildCompletionModel(program)));
  return Promise.resolve(0);
}

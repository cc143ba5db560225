import type { WorkerError } from "../core/worker-error.ts";
import type { CliContext } from "./context.ts";
import { createPalette } from "./palette.ts";

/** `error: what happened`, then what to do, then the code to look up in docs/errors.md. */
export function renderError({ message, hint, code }: WorkerError, { stderr, environment }: CliContext): string {
  const { red, bold, dim } = createPalette({ color: "auto", stream: stderr, environment });
  const advice = hint === undefined ? "" : `  ${hint.replaceAll("\n", "\n  ")}\n`;
  return `${bold(red("error:"))} ${message}\n${advice}${dim(`  ${code}`)}\n`;
}

import type { WorkerError } from "../core/worker-error.ts";
import { toPrintableLines } from "../util/printable.ts";
import type { CliContext } from "./context.ts";
import { createPalette } from "./palette.ts";

/**
 * `error: what happened`, then what to do, then the code to look up in docs/errors.md; for a bug also where it is. Safe to print,
 * whatever was quoted from outside.
 */
export function renderError(
  error: WorkerError,
  { stderr, environment }: Pick<CliContext, "stderr" | "environment">,
): string {
  const { red, bold, dim } = createPalette({ color: "auto", stream: stderr, environment });
  const place = error.code === "INTERNAL" ? readStack(error) : [];
  const lines = [...toLines(error.hint), ...[error.code, ...place].map((line) => dim(toPrintableLines(line)))];
  return `${bold(red("error:"))} ${toPrintableLines(error.message)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function toLines(text: string): string[] {
  return toPrintableLines(text).split("\n");
}

/** Where it was thrown, without the message: that may hold anything. */
function readStack(error: WorkerError): string[] {
  const { stack = "" } = error.cause instanceof Error ? error.cause : error;
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}

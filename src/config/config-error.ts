import { WorkerError } from "../core/worker-error.ts";
import type { Problem } from "./setting.ts";

/** One error for all problems, a line for each: where it is, what is wrong, what to do. */
export function buildConfigError(problems: readonly Problem[]): WorkerError {
  const lines = problems.map(({ where, message }) => (where === "" ? message : `${where}: ${message}`));
  const unique = [...new Set(lines)];
  const message =
    unique.length === 1
      ? unique.join("")
      : [`${unique.length} things are wrong with the configuration:`, ...unique.map((line) => `  ${line}`)].join("\n");
  return new WorkerError("CONFIG_INVALID", message, {
    hint: "All settings are described in docs/configuration.md and by --help of the command.",
  });
}

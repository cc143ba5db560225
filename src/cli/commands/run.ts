import { WorkerError } from "../../core/worker-error.ts";
import type { RunCommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";

export function runCommand(_options: RunCommandOptions, _context: CliContext): Promise<number> {
  throw new WorkerError("INTERNAL", "This command is not written yet.");
}

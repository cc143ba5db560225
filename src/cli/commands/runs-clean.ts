import { WorkerError } from "../../core/worker-error.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";

export function runsCleanCommand(_options: CommandOptions, _context: CliContext): Promise<number> {
  throw new WorkerError("INTERNAL", "This command is not written yet.");
}

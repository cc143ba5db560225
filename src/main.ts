import { runProgram } from "./cli/program.ts";
import { readCallerEnvironment } from "./config/caller-environment.ts";
import type { CliContext } from "./cli/context.ts";
import { toWorkerError } from "./core/worker-error.ts";

const environment = readCallerEnvironment();
const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second signal leaves at once; what is left behind is found by the next start.
    if (abort.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143);
    abort.abort(name);
  });
}

const context: CliContext = {
  environment,
  workingDirectory: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: abort.signal,
  async buildRunner(config) {
    const { buildRunner } = await import("./wire.ts");
    return buildRunner(config, environment);
  },
};

// An exit code and no exit, so that what is still to be written is written.
process.exitCode = await carryOut(process.argv.slice(2));

async function carryOut(argv: readonly string[]): Promise<number> {
  try {
    return await runProgram(argv, context);
  } catch (error) {
    if (abort.signal.aborted && error === abort.signal.reason) return error === "SIGTERM" ? 143 : 130;
    const { renderError } = await import("./cli/render-error.ts");
    const workerError = toWorkerError(error);
    process.stderr.write(renderError(workerError, context));
    return workerError.exit;
  }
}

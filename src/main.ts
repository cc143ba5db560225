import { runProgram } from "./cli/program.ts";
import { readCallerEnvironment } from "./config/caller-environment.ts";
import type { CliContext } from "./cli/context.ts";
import { toWorkerError } from "./core/worker-error.ts";

const environment = readCallerEnvironment();
const abort = new AbortController();
const kill = new AbortController();
/** How long the second signal waits for the container to be removed; what is left then is found by `runs clean`. */
const removalMs = 2_000;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (abort.signal.aborted) leaveAtOnce(name);
    else abort.abort(name);
  });
}

const context: CliContext = {
  environment,
  workingDirectory: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: abort.signal,
  killSignal: kill.signal,
  async buildRunner(config) {
    const { buildRunner } = await import("./wire.ts");
    return buildRunner(config, environment);
  },
  async buildServerRuns(config) {
    const { buildServerRuns } = await import("./wire-client.ts");
    return buildServerRuns(config);
  },
  async buildServer(config, version) {
    const { buildServer } = await import("./wire-server.ts");
    return buildServer(config, { environment, version, logStream: process.stderr });
  },
  onHangup: (reload) => void process.on("SIGHUP", reload),
};

void carryOut(process.argv.slice(2)).then(end);

/** What is still to be written is written. Then nothing is left to wait for, and taking the heap apart would take 20 ms. */
function end(exitCode: number): void {
  process.exitCode = exitCode;
  if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
}

/** The second signal gives up the work; a third one does not even wait for the container to be gone. */
function leaveAtOnce(name: "SIGINT" | "SIGTERM"): void {
  const exit = (): never => process.exit(name === "SIGINT" ? 130 : 143);
  if (kill.signal.aborted) exit();
  kill.abort(name);
  setTimeout(exit, removalMs).unref();
}

async function carryOut(argv: readonly string[]): Promise<number> {
  try {
    return await runProgram(argv, context);
  } catch (error) {
    if (isCancel(error)) return abort.signal.reason === "SIGTERM" ? 143 : 130;
    const { renderError } = await import("./cli/render-error.ts");
    const workerError = toWorkerError(error);
    process.stderr.write(renderError(workerError, context));
    return workerError.exit;
  }
}

/** After a signal: its reason, or what a layer or Node made of it. */
function isCancel(error: unknown): boolean {
  if (!abort.signal.aborted) return false;
  if (error === abort.signal.reason || toWorkerError(error).code === "CANCELLED") return true;
  return error instanceof Error && error.name === "AbortError";
}

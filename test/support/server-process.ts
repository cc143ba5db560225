import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { TestProgramOptions } from "./server-process/main.ts";
import type { World } from "./world.ts";

/** A task server in a process of its own, so that it can be killed. Disposing kills it. */
export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
  /** To start another one at the same place. */
  readonly port: number;
  /** What it has written to stderr so far. */
  log(): string;
  /** Sends the signal, waits for the end, answers the exit code; null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ServeOptions {
  /** Default: any free one. */
  readonly port?: number;
  readonly argv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const built = fileURLToPath(new URL("../../bin/agent-worker.js", import.meta.url));
const program = fileURLToPath(new URL("server-process/main.ts", import.meta.url));
/** `agent-worker serve`, as it was built, with the state and the model of a world. */
export function startServe(world: World, { port = 0, argv = [], environment = {} }: ServeOptions = {}) {
  const args = [built, "serve", "--port", String(port), ...argv];
  return startProcess(args, { cwd: world.repository.path, env: { ...world.environment, ...environment } });
}

/** The real parts around a run without a container, which says much in little time. */
export function startTestProgram(options: TestProgramOptions): Promise<ServerProcess> {
  return startProcess([program, JSON.stringify(options)], { env: testProgramEnvironment });
}

/** The same, killed after so many milliseconds, wherever it is. */
export async function killAtStart(options: TestProgramOptions, ms: number): Promise<void> {
  const args = [program, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { env: testProgramEnvironment, stdio: "ignore" });
  const closed = once(child, "close");
  await sleep(ms);
  child.kill("SIGKILL");
  await closed;
}

// It is started again and again.
const compileCache = fileURLToPath(new URL("../../.cache/compile", import.meta.url));
const testProgramEnvironment = { ...process.env, NODE_COMPILE_CACHE: compileCache };

async function startProcess(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const closed = once(child, "close");
  child.stderr.on("data", (data: Buffer) => (log += data.toString()));
  const url = await readUrl(child, () => log);
  return {
    child,
    pid: child.pid ?? 0,
    url,
    port: Number(new URL(url).port),
    log: () => log,
    async end(signal) {
      child.kill(signal);
      await closed;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function readUrl({ stdout }: ChildProcess, log: () => string): Promise<string> {
  if (stdout === null) throw new Error("no pipe");
  for await (const line of createInterface(stdout)) {
    const url = /listening on (http\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the server has not started: ${log()}`);
}

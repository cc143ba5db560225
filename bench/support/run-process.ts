import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export interface ProcessOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Called with the process id as soon as there is one. */
  readonly onStart?: (pid: number) => void;
}

export interface EndedProcess {
  readonly stdout: string;
  /** From the spawn until it has ended and its output is read. */
  readonly ms: number;
  /** From the spawn until the first of its stdout came. */
  readonly firstOutputMs: number;
}

/** Runs a program to its end; throws what it said where it did not end with 0. */
export async function runProcess(
  file: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<EndedProcess> {
  const begin = performance.now();
  const child = spawn(file, [...args], {
    cwd: options.cwd,
    env: options.environment,
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.stdin);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  let firstOutputMs = 0;
  child.stdout.once("data", () => (firstOutputMs = performance.now() - begin));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  const ms = performance.now() - begin;
  if (code === 0) return { stdout, ms, firstOutputMs };
  throw new Error(
    `${file} ${args.slice(0, 3).join(" ")} ended with ${code}: ${stderr.slice(-1000)}${stdout.slice(-500)}`,
  );
}

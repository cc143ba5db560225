import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buildGitEnvironment } from "./git-environment.ts";
import type { GitConfiguration, GitSettings } from "./git-environment.ts";
import { toGitError, toMissingGitError, toTimeoutError } from "./git-error.ts";

/** Where git works: with `gitDirectory` nothing is discovered, and nothing but that repository is touched. */
export interface GitPlace {
  readonly settings: GitSettings;
  readonly gitDirectory?: string;
}

export interface GitOptions {
  readonly signal: AbortSignal;
  /** Default: the git directory. */
  readonly cwd?: string;
  readonly input?: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Exit codes that are an answer and no failure. Default: 0. */
  readonly accept?: readonly number[];
  readonly configuration?: GitConfiguration;
  /** The whole environment, instead of the fixed one. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const stderrTailBytes = 16 * 1024;
const killAfterMs = 2_000;

/**
 * Runs git and collects what it says. When this has returned or thrown, the process has ended. Throws the signal's
 * reason on an abort (GIT_FAILED where that is a time limit), what the input threw, or a WorkerError: GIT_MISSING, GIT_LOCKED, DISK_FULL, REPOSITORY_OWNER,
 * GIT_FAILED.
 */
export async function runGit(place: GitPlace, args: readonly string[], options: GitOptions): Promise<GitResult> {
  const chunks: Buffer[] = [];
  await using git = startGit(place, args, options);
  for await (const chunk of git.stdout) chunks.push(chunk);
  return { ...(await git.end()), stdout: Buffer.concat(chunks) };
}

/** As `runGit`, for answers too long to hold: yields stdout as it comes. An early return ends the process. */
export async function* streamGit(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions,
): AsyncGenerator<Buffer> {
  await using git = startGit(place, args, options);
  yield* git.stdout;
  await git.end();
}

interface RunningGit extends AsyncDisposable {
  readonly stdout: AsyncIterable<Buffer>;
  /** Waits for the end of the process and throws if it was a failure. */
  end(): Promise<{ exitCode: number; stderr: string }>;
}

function startGit(place: GitPlace, args: readonly string[], options: GitOptions): RunningGit {
  const { signal, accept = [0] } = options;
  throwIfAborted(signal, args[0] ?? "");
  const child = spawn("git", [...args], {
    cwd: options.cwd ?? place.gitDirectory,
    env: buildEnvironment(place, options),
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C at the terminal must not kill a git that is saving the work, and an abort ends its helpers too.
    detached: true,
  });
  const stderr = collectTail(child.stderr);
  const failures: unknown[] = [];
  child.once("error", (cause) => failures.push(toMissingGitError(place.settings.path, cause)));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const kill = createKill(child);
  signal.addEventListener("abort", kill, { once: true });
  feed(child, options.input, (error) => {
    failures.push(error);
    kill();
  });
  const settle = async (): Promise<void> => {
    await closed;
    signal.removeEventListener("abort", kill);
  };
  return {
    stdout: child.stdout ?? Readable.from([]),
    async end() {
      await settle();
      throwIfAborted(signal, args[0] ?? "");
      for (const failure of failures) throw failure;
      const { exitCode, signalCode } = child;
      if (exitCode !== null && accept.includes(exitCode)) return { exitCode, stderr: stderr() };
      throw toGitError({
        command: args[0] ?? "",
        exitCode,
        killedBy: signalCode,
        stderr: stderr(),
      });
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) kill();
      await settle();
    },
  };
}

/** Throws the reason of an abort; a time limit's would be taken for a fault of ours. */
export function throwIfAborted(signal: AbortSignal, command: string): void {
  try {
    signal.throwIfAborted();
  } catch (reason) {
    throw reason instanceof DOMException && reason.name === "TimeoutError" ? toTimeoutError(command, reason) : reason;
  }
}

function buildEnvironment({ settings, gitDirectory }: GitPlace, options: GitOptions): Record<string, string> {
  const environment = options.environment ?? buildGitEnvironment(settings, options.configuration);
  if (gitDirectory === undefined) return { ...environment };
  // The work tree is named so that it is not the user's, whose attributes would decide what counts as binary.
  return { ...environment, GIT_DIR: gitDirectory, GIT_WORK_TREE: gitDirectory };
}

/** SIGTERM first, because git then removes its lock files; SIGKILL for one that does not end. */
function createKill(child: ChildProcess): () => void {
  const send = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has just ended.
    }
  };
  return () => {
    send("SIGTERM");
    setTimeout(send, killAfterMs, "SIGKILL").unref();
  };
}

/**
 * Writes the input beside the reading of the output. Its end is not waited for: a source may stall for ever, and a git that has
 * ended needs no more of it. A pipe that git closed early is no error here: git says itself why it ended.
 */
function feed(child: ChildProcess, input: GitOptions["input"], onFailure: (error: unknown) => void): void {
  if (child.stdin === null || input === undefined) return;
  const chunks = typeof input === "string" || input instanceof Uint8Array ? [input] : watch(input, onFailure);
  pipeline(chunks, child.stdin).catch(() => {});
}

/** Reports what the source throws before the pipe can be closed because of it. */
async function* watch(
  input: AsyncIterable<Uint8Array>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    onFailure(error);
    throw error;
  }
}

function collectTail(stream: Readable | null): () => string {
  let tail = Buffer.alloc(0);
  stream?.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-stderrTailBytes);
  });
  return () => tail.toString("utf8");
}

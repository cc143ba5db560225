import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runReportSchema } from "../../src/core/run-report.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import { startScriptedModel } from "./model/server.ts";
import type { ScriptedModel } from "./model/server.ts";
import { makeRepository } from "./repository.ts";
import type { FileContent, TestRepository } from "./repository.ts";

/** A credential that must turn up nowhere. */
export const canaryKey = "sk-ant-canary-3f9a1c7e5b2d8046";

export interface WorldOptions {
  /** Name of a scenario in test/support/model/scenarios, or a scenario itself. */
  readonly scenario?: Parameters<typeof startScriptedModel>[0];
  readonly files?: Readonly<Record<string, FileContent>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Everything a run of the built program needs: a repository, a scripted model, and directories of its own. */
export interface World extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly model: ScriptedModel;
  readonly stateDirectory: string;
  /** Parent of the run's sockets; empty when nothing was left behind. */
  readonly runtimeDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Starts `agent-worker ...argv` in the repository (or `cwd`). */
  start(argv: readonly string[], options?: StartOptions): RunningCommand;
  /** The same, to its end. */
  run(argv: readonly string[], options?: StartOptions): Promise<CommandResult>;
  /** A run with `--output json --quiet`; its report is checked against the schema. */
  runTask(argv?: readonly string[], options?: StartOptions): Promise<CommandResult & { readonly report: RunReport }>;
  /** The events of a run as they were stored. */
  readEvents(runId: string): readonly StoredEvent[];
}

export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandResult>;
}

export interface CommandResult {
  /** null where a signal ended the process. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const program = new URL("../../bin/agent-worker.js", import.meta.url).pathname;
const scenarios = new URL("model/scenarios/", import.meta.url).pathname;
/** What set-up has chosen for this machine, and where programs are. Nothing else of the caller's environment is passed on. */
const passedOn = [
  "PATH",
  "AGENT_WORKER_BASE_IMAGE",
  "AGENT_WORKER_CA_BUNDLE",
  "AGENT_WORKER_BUILD_NETWORK",
  "DOCKER_HOST",
];

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { scenario = "write-file", files = { "README.md": "# A project\n" } } = options;
  const named = typeof scenario === "string" && !scenario.includes("/") ? `${scenarios}${scenario}.json` : scenario;
  const model = await startScriptedModel(named);
  const repository = makeRepository(files);
  const home = mkdtempSync(join(tmpdir(), "aw-"));
  const runtimeDirectory = mkdtempSync(join(tmpdir(), "aw-run-"));
  const stateDirectory = join(home, "state");
  const environment = {
    ...Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    HOME: home,
    XDG_RUNTIME_DIR: runtimeDirectory,
    AGENT_WORKER_STATE_DIR: stateDirectory,
    ANTHROPIC_API_KEY: canaryKey,
    ANTHROPIC_BASE_URL: model.url,
    ...options.environment,
  };
  const start: World["start"] = (argv, { cwd = repository.path, stdin, environment: own } = {}) => {
    const child = spawn(process.execPath, [program, ...argv], {
      cwd,
      env: { ...environment, ...own },
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin);
    return { process: child, ended: collect(child) };
  };
  const run: World["run"] = (argv, own) => start(argv, own).ended;
  return {
    repository,
    model,
    stateDirectory,
    runtimeDirectory,
    environment,
    start,
    run,
    async runTask(argv = ["--task", "Write hello"], own) {
      const result = await run([...argv, "--output", "json", "--quiet"], own);
      return { ...result, report: parseReport(result) };
    },
    readEvents: (runId) => readEvents(join(stateDirectory, "runs", runId, "events.ndjson")),
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      repository[Symbol.dispose]();
      for (const directory of [home, runtimeDirectory]) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a run has left that it should not have: sockets and temporary directories. */
export function listLeftovers(world: World): readonly string[] {
  return readdirSync(world.runtimeDirectory);
}

/** The ids of the runs that are on record. */
export function listRuns({ stateDirectory }: World): readonly string[] {
  const runs = join(stateDirectory, "runs");
  return existsSync(runs) ? readdirSync(runs) : [];
}

async function collect(child: ChildProcess): Promise<CommandResult> {
  const closed = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { ...end, stdout, stderr };
}

function parseReport({ stdout, stderr }: CommandResult): RunReport {
  try {
    return runReportSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new Error(`no report on stdout: ${JSON.stringify(stdout)}; stderr: ${stderr}`, { cause });
  }
}

function readEvents(file: string): readonly StoredEvent[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

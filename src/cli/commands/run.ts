import type { Config } from "../../config/config.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { RunReport } from "../../core/run-report.ts";
import type { RunRequest } from "../../core/runner.ts";
import { WorkerError } from "../../core/worker-error.ts";
import { outputFormats } from "../../report/formats.ts";
import { writeReport } from "../../report/write-report.ts";
import { createUlid } from "../../util/ulid.ts";
import type { RunCommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";
import { createOutputWriter, formatNdjson } from "../output-writer.ts";
import { createPalette } from "../palette.ts";
import { createProgress } from "../progress.ts";
import { buildTitle, readPrompt } from "../read-prompt.ts";

/** `run`: one task, from the command line to a branch, a report and an exit code. */
export async function runCommand(options: RunCommandOptions, context: CliContext): Promise<number> {
  const loaded = await loadSettings(options.flags, context);
  const { config } = loaded;
  const prompt = await readPrompt(options, context.stdin);
  const request = buildRequest(loaded, prompt);
  if (config.executionMode === "server") throw toUnsupportedError();
  if (config.dryRun) {
    const { printPlan } = await import("../print-plan.ts");
    return printPlan({ config, request }, context);
  }
  return carryOut({ config, request, notes: [] }, context);
}

export interface RunOrder {
  readonly config: Config;
  readonly request: RunRequest;
  /** Shown in the summary. */
  readonly notes: readonly string[];
}

/** Runs a task with progress on stderr and its report on stdout and in files; gives the exit code. */
export async function carryOut(order: RunOrder, context: CliContext): Promise<number> {
  const { config, request } = order;
  const { stdout, stderr, environment, signal, killSignal } = context;
  const runner = await context.buildRunner(config);
  const output = createOutputWriter(stdout);
  const palette = createPalette({ color: config.color, stream: stderr, environment });
  using progress = createProgress({ stream: stderr, verbosity: config.verbosity, palette });
  const report = await runner(request, {
    signal,
    killSignal,
    async onEvent(event) {
      progress.onEvent(event);
      if (config.output !== "ndjson") return;
      output.write(formatNdjson(event));
      await output.ready(signal);
    },
  });
  progress.close();
  for (const file of config.reports) {
    const warning = await writeReport(file, report);
    if (warning !== null) stderr.write(`${palette.yellow("warning:")} ${warning.message}\n`);
  }
  output.write(renderReport(report, order, context));
  await output.close();
  return report.exitCode;
}

function renderReport(report: RunReport, { config, notes }: RunOrder, context: CliContext): string {
  if (config.output !== "text") return outputFormats[config.output](report);
  const { stdout, environment, workingDirectory } = context;
  const palette = createPalette({ color: config.color, stream: stdout, environment });
  return outputFormats.text(report, { palette, width: stdout.columns, workingDirectory, notes });
}

/** Gives the task its run id and its title. */
export function buildRequest(
  { config, warnings }: Pick<LoadedConfig, "config" | "warnings">,
  prompt: Uint8Array,
): RunRequest {
  return {
    task: {
      runId: createUlid(),
      prompt,
      title: buildTitle(prompt),
      agent: config.agent,
      model: config.model,
      limits: config.limits,
    },
    repository: config.repository,
    base: config.base,
    branch: config.branch,
    onBranchExists: config.onBranchExists,
    warnings,
  };
}

function toUnsupportedError(): WorkerError {
  return new WorkerError("MODE_UNSUPPORTED", "This version of agent-worker runs tasks in cli mode only.", {
    hint: "Leave out --execution-mode server (or AGENT_EXECUTION_MODE).",
  });
}

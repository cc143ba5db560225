import type { Config } from "../../config/config.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { RunReport } from "../../core/run-report.ts";
import { WorkerError } from "../../core/worker-error.ts";
import type { RunOptions, RunRequest, Runner } from "../../core/runner.ts";
import { outputFormats } from "../../report/formats.ts";
import { writeReport } from "../../report/write-report.ts";
import { saveTime } from "../../util/save-memory.ts";
import { toPrintableLines } from "../../util/printable.ts";
import { buildTitle } from "../../util/title.ts";
import { createUlid } from "../../util/ulid.ts";
import type { RunCommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadRunSettings, tellWarnings } from "../load-settings.ts";
import { createOutputWriter, formatNdjson } from "../output-writer.ts";
import { createPalette } from "../palette.ts";
import { prepareRunner } from "../prepare-runner.ts";
import { createProgress } from "../progress.ts";
import { readPrompt } from "../read-prompt.ts";

/** `run`: one task, from the command line to a branch, a report and an exit code. */
export async function runCommand(options: RunCommandOptions, context: CliContext): Promise<number> {
  const loaded = await loadRunSettings(options.flags, context);
  const { config } = loaded;
  if (config.session !== undefined && config.executionMode === "cli") {
    throw new WorkerError("USAGE", "--session continues a conversation that a task server keeps.", {
      hint: "Use --execution-mode server, or leave --session out.",
    });
  }
  const request = buildRequest(loaded, await readPrompt(options, context));
  const runner = await prepareRunner(loaded, context);
  if (!config.dryRun) return carryOut({ config, request, runner, notes: [] }, context);
  tellWarnings(loaded, context);
  const { printPlan } = await import("../print-plan.ts");
  return printPlan({ config, request }, context);
}

export interface RunOrder {
  readonly config: Config;
  readonly request: RunRequest;
  readonly runner: Runner;
  /** Shown in the summary. */
  readonly notes: readonly string[];
}

/** Runs a task with progress on stderr and its report on stdout and in files; gives the exit code. */
export function carryOut({ request, runner, ...order }: RunOrder, context: CliContext): Promise<number> {
  return carryOutRun((options) => runner(request, options), order, context);
}

/** The same for a run that begins in some other way. */
export async function carryOutRun(
  begin: (options: RunOptions) => Promise<RunReport>,
  order: Pick<RunOrder, "config" | "notes">,
  context: CliContext,
): Promise<number> {
  const { config } = order;
  const { stdout, stderr, environment, signal, killSignal } = context;
  const output = createOutputWriter(stdout);
  const palette = createPalette({ color: config.color, stream: stderr, environment });
  using progress = createProgress({ stream: stderr, verbosity: config.verbosity, palette });
  const report = await begin({
    signal,
    killSignal,
    async onEvent(event) {
      // All that a run needs is loaded.
      if (event.type === "agent.started") saveTime();
      // The summary tells warnings and the error; twice would be once too often.
      const isTold = config.output === "text" && (event.type === "warning" || event.type === "error");
      if (!isTold) progress.onEvent(event);
      if (config.output !== "ndjson") return;
      output.write(formatNdjson(event));
      await output.ready(signal);
    },
  });
  progress.close();
  for (const file of config.reports) {
    const warning = writeReport(file, report);
    // Also where it is quiet: the report itself cannot tell it.
    if (warning !== null) stderr.write(`${palette.yellow("warning:")} ${toPrintableLines(warning.message)}\n`);
  }
  output.write(renderReport(report, order, context));
  await output.close();
  return report.exitCode;
}

function renderReport(
  report: RunReport,
  { config, notes }: Pick<RunOrder, "config" | "notes">,
  context: CliContext,
): string {
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
      ...(config.session === undefined ? {} : { session: { id: config.session } }),
    },
    repository: config.repository,
    base: config.base,
    branch: config.branch,
    onBranchExists: config.onBranchExists,
    warnings,
  };
}

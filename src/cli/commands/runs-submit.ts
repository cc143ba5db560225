import { toPrintable } from "../../util/printable.ts";
import type { RunCommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { loadSettings } from "../load-settings.ts";
import { createOutputWriter, formatNdjson } from "../output-writer.ts";
import { readPrompt } from "../read-prompt.ts";
import { buildRequest } from "./run.ts";

/** `runs submit`: checks, pushes, submits; prints the run's id and nothing else (with `--output json` where it is, too). */
export async function runsSubmitCommand(options: RunCommandOptions, context: CliContext): Promise<number> {
  const { config } = await loadSettings(options.flags, context);
  const request = buildRequest({ config, warnings: [] }, await readPrompt(options, context));
  const { signal, killSignal } = context;
  const runs = await context.buildServerRuns(config);
  const { runId, branch, server } = await runs.submit(request, { signal, killSignal });
  const { url, taskId } = server;
  const output = createOutputWriter(context.stdout);
  output.write(config.output === "text" ? `${runId}\n` : formatNdjson({ runId, branch, url, taskId }));
  await output.close();
  if (config.verbosity !== "quiet") {
    const next = `agent-worker runs wait ${runId}, agent-worker runs collect ${runId}`;
    context.stderr.write(toPrintable(`The task is at ${url}, for the branch ${branch}. Next: ${next}`));
    context.stderr.write("\n");
  }
  return 0;
}

import type { Palette } from "../../report/palette.ts";
import { renderJson } from "../../report/render-json.ts";
import { renderText } from "../../report/render-text.ts";
import type { StoredRun } from "../../store/store.ts";
import { quoteForShell, toPrintable } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { createOutputWriter, formatNdjson } from "../output-writer.ts";
import { openRuns } from "../runs/open-runs.ts";
import { readRunState } from "../../worker/cleaning/run-state.ts";
import type { RunState } from "../../worker/cleaning/run-state.ts";

/** `runs show`: the report as the run printed it; where there is none (yet), what is known. */
export async function runsShowCommand(options: CommandOptions, context: CliContext): Promise<number> {
  const { store, palette } = await openRuns(options, context);
  const run = await store.readRun(options.argument);
  const report = await store.readReport(run.id);
  const output = createOutputWriter(context.stdout);
  const state = readRunState(run);
  if (report === null) {
    const known = { runId: run.id, state, problem: run.problem, record: run.record };
    output.write(options.json ? formatNdjson(known) : renderKnown(run, state, palette));
  } else {
    const { columns: width } = context.stdout;
    const { workingDirectory } = context;
    output.write(options.json ? renderJson(report) : renderText(report, { width, palette, workingDirectory }));
  }
  await output.close();
  return 0;
}

function renderKnown({ id, record, problem, paths }: StoredRun, state: RunState, palette: Palette): string {
  const rows =
    record === null
      ? [["Problem", problem]]
      : [
          ["Branch", record.branch?.name ?? "none yet"],
          ["Repo", record.repository],
          ["Started", record.createdAt],
          ["Process", `${record.pid} on ${record.host}`],
        ];
  const all = [...rows, ["Files", paths.directory], ["Run", id]];
  const lines = all.map(([label = "", value]) => `  ${palette.dim(label.padEnd(9))}${toPrintable(value ?? "")}`);
  const next = describeNext(state, quoteForShell(id));
  const headline = `${palette.bold(state)}  ${palette.bold(toPrintable(record?.title ?? ""))}`.trimEnd();
  return `${[headline, "", ...lines, "", `  ${palette.bold(next)}`].join("\n")}\n`;
}

function describeNext(state: RunState, id: string): string {
  if (state === "running") return `agent-worker runs logs ${id} --follow`;
  return state === "detached" ? `agent-worker runs collect ${id}` : `agent-worker runs clean ${id}`;
}

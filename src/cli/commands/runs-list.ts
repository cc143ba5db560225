import { formatElapsed } from "../../report/format-figures.ts";
import type { Palette } from "../../report/palette.ts";
import type { StoredRun } from "../../store/store.ts";
import { toPrintable } from "../../util/printable.ts";
import { cutEnd } from "../../util/text-width.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { createOutputWriter, formatNdjson } from "../output-writer.ts";
import { openRuns } from "../runs/open-runs.ts";
import { readRunState } from "../../worker/cleaning/run-state.ts";
import type { RunState } from "../../worker/cleaning/run-state.ts";

/** `runs list`: the newest first. With --json an array of `{runId, state, problem, record}`. */
export async function runsListCommand(options: CommandOptions, context: CliContext): Promise<number> {
  const { store, palette } = await openRuns(options, context);
  const runs = (await store.listRuns()).map((run) => ({ run, state: readRunState(run) }));
  const output = createOutputWriter(context.stdout);
  if (options.json) {
    output.write(formatNdjson(runs.map(({ run, state }) => toJson(run, state))));
  } else if (runs.length === 0) {
    context.stderr.write("There are no runs yet.\n");
  } else {
    const layout = { width: context.stdout.columns ?? 80, palette, now: Date.now() };
    output.write(runs.map(({ run, state }) => `${renderRun(run, state, layout)}\n`).join(""));
  }
  await output.close();
  return 0;
}

function toJson({ id, record, problem }: StoredRun, state: RunState): object {
  return { runId: id, state, problem, record };
}

interface Layout {
  readonly width: number;
  readonly palette: Palette;
  /** Milliseconds since 1970. */
  readonly now: number;
}

function renderRun(run: StoredRun, state: RunState, { width, palette, now }: Layout): string {
  const id = toPrintable(run.id).padEnd(26);
  const age = run.record === null ? "" : formatAge(now - Date.parse(run.record.createdAt));
  const about = toPrintable(run.record?.title ?? run.problem ?? "");
  const head = `${id}  ${age.padStart(7)}  `;
  const words = state.replaceAll("_", " ").padEnd(11);
  const room = Math.max(20, width - head.length - words.length - 2);
  return `${head}${palette[colours[state]](words)}  ${cutEnd(about, room)}`;
}

const colours = {
  succeeded: "green",
  no_changes: "cyan",
  failed: "red",
  limited: "yellow",
  unavailable: "red",
  unpublished: "yellow",
  timed_out: "red",
  cancelled: "yellow",
  running: "blue",
  detached: "blue",
  killed: "magenta",
  elsewhere: "dim",
  damaged: "magenta",
} as const satisfies Record<RunState, keyof Palette>;

/** The largest unit is enough to find a run again. */
function formatAge(ageMs: number): string {
  const days = Math.floor(ageMs / 86_400_000);
  if (days > 0) return `${days}d ago`;
  const [largest = ""] = formatElapsed(Math.max(0, Math.round(ageMs / 1000) * 1000)).split(/[. ]/);
  return `${largest.replace(/\d$/, "$&s")} ago`;
}

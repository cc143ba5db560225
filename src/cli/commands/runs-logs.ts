import { agentEventSchema } from "../../core/agent-event.ts";
import type { Palette } from "../../report/palette.ts";
import { escapeForTerminal } from "../../report/render-json.ts";
import { parseEvent } from "../../store/parse-event.ts";
import { readLines } from "../../store/read-lines.ts";
import type { Following } from "../../store/read-lines.ts";
import { toPrintable } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { createOutputWriter } from "../output-writer.ts";
import { renderEvent } from "../render-event.ts";
import { openRuns } from "../runs/open-runs.ts";
import { readRunState } from "../../worker/cleaning/run-state.ts";

type RunsLogsOptions = Pick<CommandOptions, "flags" | "argument" | "json" | "log" | "follow">;

const nothing = "There is nothing in this log.\n";
const there = "The run is on a server. To follow it from here: agent-worker runs resume ";

/** `runs logs`: for people; with --json the lines as they are stored, but for what a terminal would obey. */
export async function runsLogsCommand(options: RunsLogsOptions, context: CliContext): Promise<number> {
  const { store, palette } = await openRuns(options, context);
  const { id, paths, record } = await store.readRun(options.argument);
  const { log } = options;
  const output = createOutputWriter(context.stdout);
  const following: Following = {
    signal: context.signal,
    isOver: async () => output.isGone || readRunState(await store.readRun(id)) !== "running",
  };
  const lines = readLines(paths[log], options.follow ? following : undefined);
  let isEmpty = true;
  for await (const line of lines) {
    isEmpty = false;
    if (options.json) output.write(`${toSafeLine(line)}\n`);
    else output.write(log === "events" ? renderLine(line, palette) : `${toPrintable(line.replaceAll("\t", "    "))}\n`);
    await output.ready(context.signal);
    if (output.isGone || context.signal.aborted) break;
  }
  await output.close();
  context.signal.throwIfAborted();
  if (isEmpty) {
    const isThere = log === "events" && record?.server !== undefined;
    context.stderr.write(isThere ? `${nothing}${there}${id}\n` : nothing);
  }
  return 0;
}

/** JSON stays equal: it holds no control characters but white space between its words. The agent may write other lines too. */
function toSafeLine(line: string): string {
  return toPrintable(escapeForTerminal(line).replace(/[\t\r]/g, " ")).trimEnd();
}

/** The user's own time of day: the day is known. */
function formatClock(timestamp: string): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? "--:--:--" : date.toTimeString().slice(0, 8);
}

function renderLine(line: string, palette: Palette): string {
  const stored = parseEvent(line);
  if (stored === null) return "";
  const known = agentEventSchema.safeParse(stored);
  const lines = known.success ? renderEvent(known.data, palette) : [toPrintable(stored.type)];
  const time = palette.dim(formatClock(stored.ts));
  return lines.map((text, index) => `${index === 0 ? time : " ".repeat(8)}  ${text}\n`).join("");
}

import type { AgentEvent } from "../core/agent-event.ts";
import { formatElapsed } from "../report/format-figures.ts";
import { describeTool } from "./describe-tool.ts";
import type { DisplaySettings, ProgressDisplay } from "./progress-display.ts";
import { createProgressState } from "./progress-state.ts";
import { renderEvent } from "./render-event.ts";

const heartbeatMs = 60_000;
/** Tool calls closer together than this are counted instead of shown. */
const toolIntervalMs = 5_000;
const shown: ReadonlySet<AgentEvent["type"]> = new Set([
  "run.started",
  "workspace.ready",
  "image.progress",
  "agent.started",
  "progress",
  "gate",
  "warning",
  "error",
]);

/** For CI: whole lines, one for each notable event, each with the time since the start; a sign of life every minute. */
export function createPlainProgress({ stream, palette, clock, verbose }: DisplaySettings): ProgressDisplay {
  const state = createProgressState();
  const startedAt = clock.now();
  let closed = false;
  let lastToolAt = -Infinity;
  let uncounted = 0;

  const print = (lines: readonly string[]): void => {
    const time = palette.dim(`[${formatElapsed(clock.now() - startedAt)}]`);
    if (lines.length > 0) stream.write(lines.map((line) => `${time} ${line}\n`).join(""));
  };
  const printTool = (words: string): void => {
    if (clock.now() - lastToolAt < toolIntervalMs) {
      uncounted++;
      return;
    }
    print([uncounted === 0 ? words : `${words} (and ${uncounted} more before it)`]);
    lastToolAt = clock.now();
    uncounted = 0;
  };
  const stop = clock.every(heartbeatMs, () => {
    const figures = state.figures === "" ? "" : ` (${state.figures})`;
    print([`still at it: ${state.activity}${figures}`]);
  });

  return {
    onEvent(event) {
      if (closed) return;
      state.take(event);
      if (verbose || shown.has(event.type)) print(renderEvent(event, palette));
      else if (event.type === "tool_use") printTool(describeTool(event.data.name, event.data.input));
    },
    close() {
      closed = true;
      stop();
    },
  };
}

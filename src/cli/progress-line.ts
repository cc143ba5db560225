import type { AgentEvent } from "../core/agent-event.ts";
import { formatElapsed } from "../report/format-figures.ts";
import { cutEnd, measureText } from "../util/text-width.ts";
import type { DisplaySettings, ProgressDisplay } from "./progress-display.ts";
import { createProgressState } from "./progress-state.ts";
import { renderEvent } from "./render-event.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
const eraseLine = "\r\u001B[K";

/**
 * For a terminal: one line that changes, with warnings and errors above it, and everything that is said when `verbose`.
 * The cursor is never hidden, so that nothing has to be restored, however the process ends.
 */
export function createLineProgress({ stream, palette, clock, verbose }: DisplaySettings): ProgressDisplay {
  const state = createProgressState();
  const startedAt = clock.now();
  let frame = 0;
  let closed = false;
  let painted = false;

  const format = (): string => {
    // The last column stays free: some terminals wrap as soon as it is written.
    const width = Math.max(10, (stream.columns ?? 80) - 1);
    const head = `${frames[frame % frames.length] ?? ""} ${formatElapsed(clock.now() - startedAt)}`;
    const facts = cutEnd(state.figures === "" ? head : `${head}  ${state.figures}`, width);
    const activity = cutEnd(state.activity, width - measureText(facts) - 2);
    return activity === "" ? palette.dim(facts) : `${palette.dim(facts)}  ${activity}`;
  };
  const paint = (): void => {
    // A terminal that does not keep up gets the next picture instead of all of them.
    if (closed || stream.writableNeedDrain) return;
    stream.write(eraseLine + format());
    painted = true;
  };
  const printAbove = (lines: readonly string[]): void => {
    if (lines.length > 0) stream.write(`${painted ? eraseLine : ""}${lines.join("\n")}\n`);
    painted = false;
    paint();
  };
  const stop = clock.every(frameMs, () => {
    frame++;
    paint();
  });

  return {
    onEvent(event) {
      if (closed) return;
      state.take(event);
      if (isScrolled(event, verbose)) printAbove(renderEvent(event, palette));
      else if (!painted) paint();
    },
    close() {
      if (closed) return;
      closed = true;
      stop();
      if (painted) stream.write(eraseLine);
    },
  };
}

function isScrolled({ type }: AgentEvent, verbose: boolean): boolean {
  return verbose ? type !== "complete" : type === "warning" || type === "error";
}

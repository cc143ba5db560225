import type { RunEvent } from "../core/run-event.ts";
import type { Palette } from "../report/palette.ts";
import type { CliOutput } from "./context.ts";
import type { ProgressClock, ProgressDisplay } from "./progress-display.ts";
import { createLineProgress } from "./progress-line.ts";
import { createPlainProgress } from "./progress-plain.ts";
import { renderEvent } from "./render-event.ts";

/** A listener that tells a person on stderr how a run goes. */
export interface Progress extends Disposable {
  /** Never throws and never waits. */
  onEvent(event: RunEvent): void;
  /** Leaves the terminal as it was; may be called in any state, and again. */
  close(): void;
}

export interface ProgressOptions {
  readonly stream: CliOutput;
  readonly verbosity: "quiet" | "normal" | "verbose";
  readonly palette: Palette;
  /** One changing line, or plain lines; by default a terminal gets the one. */
  readonly live?: boolean;
  readonly clock?: ProgressClock;
}

export function createProgress(options: ProgressOptions): Progress {
  // A terminal that was closed (EPIPE, EIO) must not end the run. The listener stays: errors may come late.
  options.stream.on("error", () => undefined);
  const display = openDisplay(options);
  const close = (): void => display.close();
  return { onEvent: (event) => display.onEvent(event), close, [Symbol.dispose]: close };
}

function openDisplay(options: ProgressOptions): ProgressDisplay {
  const { stream, verbosity, palette, live = stream.isTTY === true, clock = systemClock } = options;
  if (verbosity === "quiet") return createQuietProgress(stream, palette);
  const settings = { stream, palette, clock, verbose: verbosity === "verbose" };
  return live ? createLineProgress(settings) : createPlainProgress(settings);
}

function createQuietProgress(stream: CliOutput, palette: Palette): ProgressDisplay {
  return {
    onEvent(event) {
      if (event.type === "error") stream.write(`${renderEvent(event, palette).join("\n")}\n`);
    },
    close: () => undefined,
  };
}

const systemClock: ProgressClock = {
  now: () => performance.now(),
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs).unref();
    return () => clearInterval(timer);
  },
};

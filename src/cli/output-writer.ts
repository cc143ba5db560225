import { once } from "node:events";
import type { Writable } from "node:stream";
import { escapeForTerminal } from "../report/render-json.ts";

/** Writes to stdout, for a reader that may be slow or go away (`| head -1`, EPIPE): that ends the output, not the run. */
export interface OutputWriter {
  /** Never throws and never waits; does nothing once the reader has gone. */
  write(text: string): void;
  /** Resolves when the reader has caught up, or has gone, or on abort. Await it between pieces, so that memory stays flat. */
  ready(signal: AbortSignal): Promise<void>;
  /** Resolves when everything is written, or the reader has gone. */
  close(): Promise<void>;
  readonly isGone: boolean;
}

export function createOutputWriter(stream: Writable): OutputWriter {
  const gone = new AbortController();
  stream.on("error", () => gone.abort());
  return {
    get isGone() {
      return gone.signal.aborted;
    },
    write(text) {
      if (!gone.signal.aborted) stream.write(text);
    },
    async ready(signal) {
      if (!stream.writableNeedDrain || gone.signal.aborted) return;
      // An abort ends the wait as well: whoever waits looks at its signal next.
      await once(stream, "drain", { signal: AbortSignal.any([signal, gone.signal]) }).catch(() => undefined);
    },
    async close() {
      if (gone.signal.aborted) return;
      await new Promise<void>((resolve) => {
        gone.signal.addEventListener("abort", () => resolve(), { once: true });
        stream.write("", () => resolve());
      });
    },
  };
}

/** A value as a line of `--output ndjson`. */
export function formatNdjson(value: object): string {
  return `${escapeForTerminal(JSON.stringify(value))}\n`;
}

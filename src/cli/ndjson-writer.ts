import { once } from "node:events";
import type { Writable } from "node:stream";
import { escapeForTerminal } from "../report/render-json.ts";

/** Writes events to stdout, one JSON text a line. */
export interface NdjsonWriter {
  /** Never throws and never waits; does nothing once the reader has gone. */
  write(value: object): void;
  /** Resolves when the reader has caught up, or has gone. Await it between events, so that memory stays flat. */
  ready(signal: AbortSignal): Promise<void>;
  /** Resolves when everything is written, or the reader has gone. */
  close(): Promise<void>;
}

/** A reader that goes away (`| head -1`, EPIPE) ends the output, not the run. */
export function createNdjsonWriter(stream: Writable): NdjsonWriter {
  const gone = new AbortController();
  stream.on("error", () => gone.abort());
  return {
    write(value) {
      if (!gone.signal.aborted) stream.write(`${escapeForTerminal(JSON.stringify(value))}\n`);
    },
    async ready(signal) {
      if (!stream.writableNeedDrain || gone.signal.aborted) return;
      // Ends by an abort as well: whoever waits looks at its signal next.
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

import { Writable } from "node:stream";
import type { CliOutput } from "../../src/cli/context.ts";

export interface RecordedOutput {
  readonly stream: CliOutput;
  /** All that was written so far. */
  readonly text: string;
}

/** A stream like stdout that keeps what is written to it; a terminal where it has columns. */
export function recordOutput(columns?: number): RecordedOutput {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return {
    stream: columns === undefined ? stream : Object.assign(stream, { isTTY: true, columns }),
    get text() {
      return chunks.join("");
    },
  };
}

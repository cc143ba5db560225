import { createByteBuffer } from "./byte-buffer.ts";

/** A line without its newline. `bytes` is the length of the whole line; `content` is shorter where it was cut. */
export interface Line {
  readonly content: Buffer;
  readonly bytes: number;
  readonly truncated: boolean;
}

export interface LineSplitter {
  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): Line[];
  /** The unfinished last line, if any. */
  end(): Line[];
}

/**
 * Splits bytes into lines, wherever the chunks were cut. Holds at most one line, and of a line at most `maxBytes`: the
 * rest of a longer one is counted and dropped.
 */
export function createLineSplitter(maxBytes: number): LineSplitter {
  const begun = createByteBuffer(maxBytes);
  let bytes = 0;

  const hold = (part: Uint8Array): void => {
    bytes += part.length;
    begun.push(part);
  };
  const take = (end: Uint8Array): Line => {
    // A line that came in one piece is not copied.
    if (bytes === 0) {
      return { content: toBuffer(end.subarray(0, maxBytes)), bytes: end.length, truncated: end.length > maxBytes };
    }
    hold(end);
    const line = { bytes, truncated: bytes > begun.length, content: begun.take() };
    bytes = 0;
    return line;
  };

  return {
    push(chunk) {
      const lines: Line[] = [];
      let from = 0;
      for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
        lines.push(take(chunk.subarray(from, newline)));
        from = newline + 1;
      }
      hold(chunk.subarray(from));
      return lines;
    },
    end: () => (bytes > 0 ? [take(new Uint8Array())] : []),
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

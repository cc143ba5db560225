import { createByteBuffer } from "./byte-buffer.ts";
import type { ByteBuffer } from "./byte-buffer.ts";

/** A line without its newline. `bytes` is the length of the whole line; `content` is shorter where it was cut. */
export interface Line {
  readonly content: Buffer;
  readonly bytes: number;
  readonly truncated: boolean;
}

/** A line as text: invalid UTF-8 has become U+FFFD. */
export interface TextLine {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
}

export interface LineSplitter {
  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): Line[];
  /** The unfinished last line, if any. */
  end(): Line[];
}

/** What is kept of a line that is too long to be used: more is not looked at. */
const cutBytes = 256 * 1024;

/**
 * Splits bytes into lines, wherever the chunks were cut. Holds at most one line of at most `maxBytes`. Of a longer one
 * only the beginning (256 KiB) is kept, the rest is counted and dropped.
 */
export function createLineSplitter(maxBytes: number): LineSplitter {
  const keptBytes = Math.min(maxBytes, cutBytes);
  let begun = createByteBuffer(maxBytes);
  let bytes = 0;

  const hold = (part: Uint8Array): void => {
    const fitted = bytes <= maxBytes;
    bytes += part.length;
    if (bytes <= maxBytes) begun.push(part);
    else if (fitted) begun = cut(begun.take(), part);
  };
  const cut = (held: Buffer, part: Uint8Array): ByteBuffer => {
    const kept = createByteBuffer(keptBytes);
    kept.push(held);
    kept.push(part);
    return kept;
  };
  const take = (end: Uint8Array): Line => {
    // A line that came in one piece is not copied.
    if (bytes === 0 && end.length <= maxBytes) return { content: toBuffer(end), bytes: end.length, truncated: false };
    hold(end);
    const line = { bytes, truncated: bytes > maxBytes, content: begun.take() };
    bytes = 0;
    begun = createByteBuffer(maxBytes);
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

export function toTextLine({ content, bytes, truncated }: Line): TextLine {
  return { text: content.toString(), bytes, truncated };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

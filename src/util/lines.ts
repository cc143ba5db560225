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
  let parts: Uint8Array[] = [];
  let held = 0;
  let bytes = 0;

  const hold = (part: Uint8Array): void => {
    bytes += part.length;
    const room = maxBytes - held;
    if (room <= 0 || part.length === 0) return;
    const kept = part.length <= room ? part : part.subarray(0, room);
    parts.push(kept);
    held += kept.length;
  };
  const take = (): Line => {
    const [first] = parts;
    const content = parts.length === 1 && first !== undefined ? toBuffer(first) : Buffer.concat(parts, held);
    const line = { content, bytes, truncated: bytes > held };
    parts = [];
    held = 0;
    bytes = 0;
    return line;
  };

  return {
    push(chunk) {
      const lines: Line[] = [];
      let from = 0;
      for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
        hold(chunk.subarray(from, newline));
        lines.push(take());
        from = newline + 1;
      }
      // Copied: the rest of a chunk must not keep the whole chunk's memory until the line ends.
      if (from < chunk.length) hold(from === 0 ? chunk : Uint8Array.prototype.slice.call(chunk, from));
      return lines;
    },
    end: () => (bytes > 0 ? [take()] : []),
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

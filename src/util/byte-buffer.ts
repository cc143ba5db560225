/** Bytes that come in pieces, however small: they cost what they hold, at most twice, and no piece keeps its chunk alive. */
export interface ByteBuffer {
  readonly length: number;
  /** Copies the piece, as far as there is room. */
  push(piece: Uint8Array): void;
  /** All there is; begins anew. */
  take(): Buffer;
}

export function createByteBuffer(maxBytes: number): ByteBuffer {
  let bytes = Buffer.alloc(0);
  let length = 0;
  const reserve = (needed: number): void => {
    if (needed <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * bytes.length, maxBytes)));
    larger.set(bytes.subarray(0, length));
    bytes = larger;
  };
  return {
    get length() {
      return length;
    },
    push(piece) {
      const kept = piece.subarray(0, maxBytes - length);
      reserve(length + kept.length);
      bytes.set(kept, length);
      length += kept.length;
    },
    take() {
      const taken = bytes.subarray(0, length);
      bytes = Buffer.alloc(0);
      length = 0;
      return taken;
    },
  };
}

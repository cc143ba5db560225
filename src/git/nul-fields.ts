import { isUtf8 } from "node:buffer";

/** Splits bytes at NUL, wherever the chunks were cut. A last field without NUL is yielded too, if it is not empty. */
export async function* readNulFields(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
      const part = bytes.subarray(from, end);
      yield held.length === 0 ? part : Buffer.concat([...held, part]);
      held = [];
      from = end + 1;
    }
    if (from < bytes.length) held.push(bytes.subarray(from));
  }
  if (held.length > 0) yield Buffer.concat(held);
}

/** A path as people read it, and its exact bytes where they are no UTF-8. */
export interface DecodedPath {
  readonly path: string;
  readonly pathB64?: string;
}

export function decodePath(bytes: Buffer): DecodedPath {
  const path = bytes.toString("utf8");
  return isUtf8(bytes) ? { path } : { path, pathB64: bytes.toString("base64") };
}

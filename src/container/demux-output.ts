/** One piece of what a container wrote. */
export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

const headerBytes = 8;

/**
 * Takes apart Docker's multiplexed attach stream (Engine API, "Stream format": type, three zeros, length as big-endian
 * uint32, payload). Unlike docker-modem's demuxStream it reads no faster than its consumer, and yields a frame's parts as
 * they come instead of whole frames.
 */
export async function* demuxOutput(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  let stream: OutputChunk["stream"] = "stdout";
  let payloadLeft = 0;
  const header = Buffer.alloc(headerBytes);
  let headerFilled = 0;

  for await (const chunk of source) {
    let from = 0;
    while (from < chunk.length) {
      if (payloadLeft > 0) {
        const bytes = chunk.subarray(from, from + payloadLeft);
        payloadLeft -= bytes.length;
        from += bytes.length;
        yield { stream, bytes };
        continue;
      }
      const taken = Math.min(headerBytes - headerFilled, chunk.length - from);
      header.set(chunk.subarray(from, from + taken), headerFilled);
      headerFilled += taken;
      from += taken;
      if (headerFilled < headerBytes) continue;
      headerFilled = 0;
      stream = header[0] === 2 ? "stderr" : "stdout";
      payloadLeft = header.readUInt32BE(4);
    }
  }
}

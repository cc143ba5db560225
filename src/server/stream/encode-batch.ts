import type { EventRow } from "../../store/tasks/task-store.ts";
import type { Batch } from "./event-feed.ts";

/** How a batch goes out: the texts as they are stored, with what a transport puts around them. */
export type BatchEncoder = (batch: Batch) => Buffer;

export const encodeNdjson = share((events) => Buffer.from(events.map(({ text }) => `${text}\n`).join("")));

/** An event's text is one line: JSON escapes line breaks. */
export const encodeSse = share((events) =>
  Buffer.from(events.map(({ seq, text }) => `id: ${seq}\ndata: ${text}\n\n`).join("")),
);

/** One unmasked text frame per event, as a server sends them (RFC 6455, 5.2). */
export const encodeFrames = share((events) => {
  const lengths = events.map(({ text }) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headSize(length) + length, 0));
  let at = 0;
  for (const [index, { text }] of events.entries()) {
    at = writeHead(frames, lengths[index] ?? 0, at);
    at += frames.write(text, at);
  }
  return frames;
});

/** Readers that share a batch share its bytes. */
function share(encode: (events: readonly EventRow[]) => Buffer): BatchEncoder {
  const known = new WeakMap<Batch, Buffer>();
  return (batch) => {
    const bytes = known.get(batch) ?? encode(batch.events);
    known.set(batch, bytes);
    return bytes;
  };
}

const finalText = 0x81;

function headSize(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** Answers where the payload begins. */
function writeHead(frames: Buffer, length: number, at: number): number {
  const size = headSize(length);
  frames[at] = finalText;
  if (size === 2) frames[at + 1] = length;
  else if (size === 4) {
    frames[at + 1] = 126;
    frames.writeUInt16BE(length, at + 2);
  } else {
    frames[at + 1] = 127;
    frames.writeBigUInt64BE(BigInt(length), at + 2);
  }
  return at + size;
}

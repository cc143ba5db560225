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
export const encodeFrames = share((events) => Buffer.concat(events.flatMap(({ text }) => encodeFrame(text))));

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

function encodeFrame(text: string): readonly Buffer[] {
  const payload = Buffer.from(text);
  return [encodeHead(payload.length), payload];
}

function encodeHead(length: number): Buffer {
  if (length < 126) return Buffer.from([finalText, length]);
  if (length < 65_536) return Buffer.from([finalText, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = finalText;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

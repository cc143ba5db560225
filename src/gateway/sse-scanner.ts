import { createByteBuffer } from "../util/byte-buffer.ts";
import type { ByteBuffer } from "../util/byte-buffer.ts";

/** One server-sent event. `data` is decoded as UTF-8 with U+FFFD for invalid bytes. */
export interface SseEvent {
  /** The `event` field; "message" where there is none. */
  readonly name: string;
  readonly data: string;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from bytes cut anywhere. Holds at most `maxEventBytes` of an event;
 * larger ones are dropped whole, since nobody here wants them.
 */
export class SseScanner {
  readonly #onEvent: (event: SseEvent) => void;
  readonly #maxEventBytes: number;
  readonly #line: ByteBuffer;
  #held = 0;
  #name = "";
  #data: string[] = [];
  #tooLarge = false;
  #afterReturn = false;

  constructor(onEvent: (event: SseEvent) => void, maxEventBytes = 64 * 1024) {
    this.#onEvent = onEvent;
    this.#maxEventBytes = maxEventBytes;
    this.#line = createByteBuffer(maxEventBytes);
  }

  push(chunk: Uint8Array): void {
    let start = this.#afterReturn && chunk[0] === lineFeed ? 1 : 0;
    if (chunk.length > 0) this.#afterReturn = false;
    let nextReturn = chunk.indexOf(carriageReturn, start);
    while (start < chunk.length) {
      if (nextReturn !== -1 && nextReturn < start) nextReturn = chunk.indexOf(carriageReturn, start);
      const nextFeed = chunk.indexOf(lineFeed, start);
      const end = chooseEarlier(nextFeed, nextReturn);
      if (end === -1) return this.#hold(chunk.subarray(start));
      this.#hold(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
      if (end !== nextReturn) continue;
      if (chunk[start] === lineFeed) start += 1;
      else this.#afterReturn = start === chunk.length;
    }
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#held += bytes.length;
    if (this.#held > this.#maxEventBytes) {
      this.#tooLarge = true;
      this.#data = [];
      // A comment in its place: an empty line would be the end of the event.
      this.#line.take();
      this.#line.push(Uint8Array.of(0x3a));
      return;
    }
    this.#line.push(bytes);
  }

  #endLine(): void {
    const line = this.#line.take().toString("utf8");
    if (line === "") return this.#endEvent();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
  }

  #endEvent(): void {
    const event = { name: this.#name === "" ? "message" : this.#name, data: this.#data.join("\n") };
    const complete = !this.#tooLarge && this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    this.#held = 0;
    this.#tooLarge = false;
    if (complete) this.#onEvent(event);
  }
}

function chooseEarlier(one: number, other: number): number {
  if (one === -1) return other;
  return other === -1 ? one : Math.min(one, other);
}

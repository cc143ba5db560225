/** The largest event, as JSON text in UTF-8. Larger payloads are cut visibly (`truncated`, `bytes`). */
export const maxEventBytes = 256 * 1024;

/** What is left for a payload once envelope and field names are written. */
const payloadBytes = maxEventBytes - 1024;

export interface CutText {
  readonly text: string;
  readonly truncated?: true;
  /** Bytes of the whole text, where it was cut. */
  readonly bytes?: number;
}

/** Cuts a text so that, as JSON, it fits an event. */
export function cutText(text: string): CutText {
  // In JSON one UTF-16 unit takes at most six bytes.
  if (text.length * 6 <= payloadBytes) return { text };
  if (Buffer.byteLength(JSON.stringify(text)) <= payloadBytes) return { text };
  return { text: text.slice(0, findCut(text)), truncated: true, bytes: Buffer.byteLength(text) };
}

/** Cuts the input of a tool: one that is too large becomes the beginning of its JSON text. */
export function cutInput(input: unknown): { input: unknown; truncated?: true; bytes?: number } {
  const json = JSON.stringify(input);
  if (json.length * 3 <= payloadBytes || Buffer.byteLength(json) <= payloadBytes) return { input };
  return { input: json.slice(0, findCut(json)), truncated: true, bytes: Buffer.byteLength(json) };
}

/** The longest beginning (in UTF-16 units) whose JSON fits, within 1 KiB; never between the halves of a pair. */
function findCut(text: string): number {
  let low = 0;
  let high = Math.min(text.length, payloadBytes);
  while (high - low > 1024) {
    const middle = Math.floor((low + high) / 2);
    if (Buffer.byteLength(JSON.stringify(text.slice(0, middle))) <= payloadBytes) low = middle;
    else high = middle;
  }
  const last = text.charCodeAt(low - 1);
  return last >= 0xd800 && last <= 0xdbff ? low - 1 : low;
}

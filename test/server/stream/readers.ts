import { once } from "node:events";
import type { RawData, WebSocket } from "ws";

/** What came over a WebSocket: the first frame, the others, and how it was closed. */
export interface Followed {
  readonly hello: Record<string, unknown>;
  readonly texts: string[];
  readonly code: number;
}

export async function readSocket(webSocket: WebSocket): Promise<Followed> {
  const frames: string[] = [];
  webSocket.on("message", (data, isBinary) => frames.push(isBinary ? "binary" : toText(data)));
  const [code] = (await once(webSocket, "close")) as [number];
  const [hello = "{}", ...texts] = frames;
  return { hello: JSON.parse(hello), texts, code };
}

export async function readNdjson(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const response = await fetch(url, { headers: { accept: "application/x-ndjson", ...headers } });
  return (await response.text()).split("\n").slice(0, -1);
}

export interface SseEvent {
  readonly id: string;
  readonly data: string;
}

export async function readSse(url: string, headers: Record<string, string> = {}): Promise<SseEvent[]> {
  const response = await fetch(url, { headers: { accept: "text/event-stream", ...headers } });
  return parseSse(await response.text());
}

export function parseSse(text: string): SseEvent[] {
  return text.split("\n\n").flatMap((block) => {
    const match = /^id: (\d+)\ndata: (.*)$/s.exec(block);
    return match === null ? [] : [{ id: match[1] ?? "", data: match[2] ?? "" }];
  });
}

/** Page after page, as a client without streams would. */
export async function readPages(url: string): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const response = await fetch(`${url}?after=${texts.length}&wait=30s`);
    const body = await response.text();
    const page = JSON.parse(body);
    const inner =
      /^\{"epoch":"[^"]*","events":\[(.*)\],"lastSeq":\d+,"complete":(?:true|false)\}$/s.exec(body)?.[1] ?? "";
    texts.push(...splitTexts(inner, page.events.length));
    if (page.complete) return texts;
  }
}

/** The texts themselves, not what parsing and printing makes of them. */
function splitTexts(joined: string, count: number): string[] {
  const texts = joined === "" ? [] : joined.split(/(?<=\}),(?=\{"v":1)/);
  if (texts.length !== count) throw new Error("the page cannot be taken apart");
  return texts;
}

export function toText(data: RawData): string {
  if (!Buffer.isBuffer(data)) throw new Error("not one buffer");
  return data.toString();
}

import { describe, expect, test } from "vitest";
import { SseScanner } from "../../src/gateway/sse-scanner.ts";
import type { SseEvent } from "../../src/gateway/sse-scanner.ts";

function scan(chunks: readonly Uint8Array[], maxEventBytes?: number): SseEvent[] {
  const events: SseEvent[] = [];
  const scanner = new SseScanner((event) => events.push(event), maxEventBytes);
  for (const chunk of chunks) scanner.push(chunk);
  return events;
}

const stream = 'event: one\ndata: {"a":"ä€😀"}\n\n: comment\n\ndata:first\ndata: second\nid: 7\n\nevent: empty\n\n';
const expected = [
  { name: "one", data: '{"a":"ä€😀"}' },
  { name: "message", data: "first\nsecond" },
];

describe("SseScanner", () => {
  const endings = { LF: "\n", CRLF: "\r\n", CR: "\r" };
  for (const [name, ending] of Object.entries(endings)) {
    const bytes = Buffer.from(stream.replaceAll("\n", ending));

    test(`reads the same events with ${name}, cut in two at every byte`, () => {
      for (let at = 0; at <= bytes.length; at += 1) {
        expect(scan([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
      }
    });

    test(`reads the same events with ${name}, byte by byte`, () => {
      expect(scan([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
    });
  }

  test("does not give an event that has not ended", () => {
    expect(scan([Buffer.from("data: half\n")])).toEqual([]);
  });

  test("replaces invalid UTF-8 and goes on", () => {
    const bytes = Buffer.concat([Buffer.from("data: a"), Buffer.of(0xff, 0xc3), Buffer.from("\n\ndata: b\n\n")]);
    expect(scan([bytes]).map((event) => event.data)).toEqual(["a\u{FFFD}\u{FFFD}", "b"]);
  });

  test("drops an event that is too large, whole, and reads the next one", () => {
    const large = `event: large\ndata: ${"x".repeat(200)}\ndata: more\nid: 1\n\ndata: next\n\n`;
    expect(scan([Buffer.from(large)], 100)).toEqual([{ name: "message", data: "next" }]);
    expect(
      scan(
        [...Buffer.from(large)].map((byte) => Uint8Array.of(byte)),
        100,
      ),
    ).toEqual([{ name: "message", data: "next" }]);
  });

  test("holds no more than the largest event of a line that never ends", () => {
    const scanner = new SseScanner(() => {}, 1024);
    const chunk = new Uint8Array(1024 * 1024).fill(0x78);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 256; count += 1) scanner.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });
});

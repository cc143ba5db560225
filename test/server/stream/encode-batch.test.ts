import { describe, expect, test } from "vitest";
import { encodeFrames, encodeNdjson, encodeSse } from "../../../src/server/stream/encode-batch.ts";

const batch = (...texts: readonly string[]) => ({
  events: texts.map((text, index) => ({ seq: index + 5, text })),
  done: false,
});

describe("a batch of events", () => {
  // RFC 6455, 5.2: the shortest form that holds the length, in bytes.
  test.each([
    [1, [0x81, 1]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ])("is text frames, one of %i bytes with the right head", (length, head) => {
    const text = "x".repeat(length);
    expect(encodeFrames(batch(text, "é"))).toEqual(Buffer.from([...head, ...Buffer.from(text), 0x81, 2, 0xc3, 0xa9]));
  });

  test("is lines, or server-sent events, of the texts as they are", () => {
    const events = batch('{"a":"é"}', "{}");
    expect(encodeNdjson(events).toString()).toBe('{"a":"é"}\n{}\n');
    expect(encodeSse(events).toString()).toBe('id: 5\ndata: {"a":"é"}\n\nid: 6\ndata: {}\n\n');
  });

  test("is encoded once for all readers", () => {
    const events = batch("{}");
    expect(encodeFrames(events)).toBe(encodeFrames(events));
  });
});

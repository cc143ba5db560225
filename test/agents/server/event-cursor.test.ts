import { describe, expect, it } from "vitest";
import { createEventCursor } from "../../../src/agents/server/event-cursor.ts";
import { digestEvent } from "../../../src/protocol/task-event.ts";

const event = (seq: number, epoch = "one"): string => JSON.stringify({ type: "message", seq, epoch, data: { seq } });

const end = (eventDigest: string, eventCount = 2): string =>
  JSON.stringify({ type: "complete", seq: 3, data: { eventCount, eventDigest } });

describe("an event cursor", () => {
  it("takes each number once, in order, whatever comes in between", () => {
    // A fixed sequence that looks random: numbers 1 to 200 with repeats and leaps.
    let state = 7;
    const next = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    const cursor = createEventCursor(null);
    const taken: number[] = [];
    const wrong: string[] = [];
    while (cursor.after < 200) {
      const seq = Math.max(1, cursor.after + next(5) - 1);
      const expected = seq <= cursor.after ? "duplicate" : seq === cursor.after + 1 ? "event" : "gap";
      const { kind } = cursor.take(event(seq), true);
      if (kind === "event") taken.push(seq);
      if (kind !== expected) wrong.push(`${seq}: ${kind}`);
    }
    expect(wrong).toEqual([]);
    expect(taken).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it("verifies the digest over the texts as they came", () => {
    const texts = [event(1), event(2)];
    const right = texts.reduce(digestEvent, "");
    const verify = (last: string, isExact = true) => {
      const cursor = createEventCursor(null);
      for (const text of texts) cursor.take(text, isExact);
      const taken = cursor.take(last, isExact);
      return taken.kind === "end" ? taken.digest : taken.kind;
    };
    expect(verify(end(right))).toBe("right");
    expect(verify(end(right), false)).toBe("right");
    expect(verify(end("0".repeat(64)))).toBe("wrong");
    expect(verify(end(right, 1))).toBe("wrong");
    expect(verify(end("0".repeat(64)), false)).toBe("unknown");
    expect(verify(JSON.stringify({ type: "complete", seq: 3, data: {} }))).toBe("unknown");
  });

  it("sees another log, also in the server's first frame", () => {
    const cursor = createEventCursor("one");
    expect(cursor.take(event(1), true).kind).toBe("event");
    expect(cursor.take(JSON.stringify({ type: "hello", epoch: "one", lastSeq: 9 }), true).kind).toBe("hello");
    expect(cursor.take(JSON.stringify({ type: "hello", epoch: "two", lastSeq: 0 }), true).kind).toBe("epoch");
    cursor.restart();
    expect([cursor.after, cursor.epoch]).toEqual([0, "two"]);
    expect(cursor.take(event(1, "two"), true).kind).toBe("event");
  });

  it("counts events without numbers, and knows them again when a connection begins anew", () => {
    const texts = ["a", "b", "c"].map((text) => JSON.stringify({ type: "message", text }));
    const cursor = createEventCursor(null);
    const kinds = (some: readonly string[]) => some.map((text) => cursor.take(text, true).kind);
    expect(kinds(texts.slice(0, 2))).toEqual(["event", "event"]);
    cursor.reconnect();
    expect(kinds(texts)).toEqual(["duplicate", "duplicate", "event"]);
    cursor.reconnect();
    expect(kinds([JSON.stringify({ type: "message", text: "d" })])).toEqual(["event"]);
    expect(cursor.isUnnumbered).toBe(true);
  });
});

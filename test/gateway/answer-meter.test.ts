import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { openAnswerMeter } from "../../src/gateway/answer-meter.ts";
import { streamMessage, toSse } from "../support/model/message.ts";
import { stepSchema } from "../support/model/scenario.ts";

const step = stepSchema.parse({
  content: [{ type: "text", text: 'She said "usage": {"output_tokens": 99}.' }],
  tokens: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 },
});
const stream = [...streamMessage(step, { model: "m", cwd: "/" })].map((event) => toSse(event)).join("");
const tokens = { inputTokens: 10, outputTokens: 20, cacheReadTokens: 30, cacheWriteTokens: 40 };

function meter(contentType: string, ...chunks: string[]) {
  const opened = openAnswerMeter(contentType);
  for (const chunk of chunks) opened.push(Buffer.from(chunk));
  return opened.read();
}

/** Bytes of all that something still refers to. */
function measure(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  // What the first one found is freed beside the program; the second waits for that.
  runInNewContext("gc")();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

describe("openAnswerMeter", () => {
  test.each([
    ["an answer", "application/json", 1_000_000],
    ["an event", "text/event-stream", 60_000],
  ])("holds no more of %s in single bytes than those bytes", (_, contentType, count) => {
    const before = measure();
    const meters = Array.from({ length: 2_000_000 / count }, () => openAnswerMeter(contentType));
    for (const opened of meters) {
      for (let index = 0; index < count; index += 1) opened.push(Buffer.alloc(1, 32));
    }
    expect(measure() - before).toBeLessThan(10 * 1024 * 1024);
    // They are needed until here.
    expect(meters.every((opened) => opened.read().tokens === null)).toBe(true);
  });

  test("counts a stream once, with the last cumulative numbers", () => {
    expect(meter("text/event-stream; charset=utf-8", stream)).toEqual({ tokens, error: null });
    expect(meter("text/event-stream", ...Array.from(stream))).toEqual({ tokens, error: null });
  });

  test("keeps what message_start said where message_delta says nothing", () => {
    const start = {
      type: "message_start",
      message: { usage: { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 1 } },
    };
    const deltas = [7, 9].map((output) => ({
      type: "message_delta",
      usage: { input_tokens: null, output_tokens: output },
    }));
    const events = [start, ...deltas].map((event) => toSse(event)).join("");
    expect(meter("text/event-stream", events).tokens).toEqual({
      inputTokens: 5,
      outputTokens: 9,
      cacheReadTokens: 3,
      cacheWriteTokens: 0,
    });
  });

  test("counts what a broken stream had said", () => {
    const half = stream.slice(0, stream.indexOf("message_delta"));
    expect(meter("text/event-stream", half).tokens).toEqual({ ...tokens, outputTokens: 1 });
  });

  test("counts a whole answer, in pieces", () => {
    const body = JSON.stringify({
      content: [],
      usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: null },
    });
    expect(meter("application/json", ...Array.from(body)).tokens).toEqual({
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    });
  });

  test("tells the provider's error, streamed or whole", () => {
    const error = { type: "overloaded_error", message: "Overloaded" };
    expect(meter("text/event-stream", toSse({ type: "error", error })).error).toEqual(error);
    expect(meter("application/json", JSON.stringify({ type: "error", error })).error).toEqual(error);
  });

  test.each(["", "not json", "[]", '{"usage":{"input_tokens":-1}}', '{"usage":7}', "null"])(
    "counts nothing in %j",
    (body) => {
      expect(meter("application/json", body)).toEqual({ tokens: null, error: null });
    },
  );
});

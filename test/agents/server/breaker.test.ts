import { describe, expect, it } from "vitest";
import { createBackoff, retry } from "../../../src/agents/server/backoff.ts";
import { createBreaker } from "../../../src/agents/server/breaker.ts";
import type { Failure } from "../../../src/agents/server/reply.ts";
import { WorkerError } from "../../../src/core/worker-error.ts";

describe("a breaker", () => {
  it("opens after three failures in a row, lets one try through after the break, and closes when it succeeds", () => {
    let now = 0;
    const breaker = createBreaker(30, () => now);
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
    for (let count = 0; count < 2; count += 1) breaker.failed();
    expect(breaker.allows()).toBe(true);
    breaker.failed();
    expect(breaker.allows()).toBe(false);
    now = 29;
    expect(breaker.allows()).toBe(false);
    now = 30;
    expect([breaker.allows(), breaker.allows()]).toEqual([true, false]);
    breaker.failed();
    now = 59;
    expect(breaker.allows()).toBe(false);
    now = 60;
    expect(breaker.allows()).toBe(true);
    breaker.succeeded();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  });
});

describe("the pauses between tries", () => {
  it("are chance below a limit that doubles from 250 ms to 15 s, and begin anew after a success", () => {
    const limits = { minMs: 250, maxMs: 15_000 };
    const highest = createBackoff(limits, () => 1);
    const pauses = Array.from({ length: 8 }, () => highest.next());
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    highest.reset();
    expect(highest.next()).toBe(250);
    expect(createBackoff(limits, () => 0).next()).toBe(0);
    expect(createBackoff(limits, () => 0).next(3_000)).toBe(3_000);
  });

  it("end with the last failure when the next try would come too late, or would be in vain", async () => {
    const failure: Failure = {
      ok: false,
      error: new WorkerError("SERVER_BUSY", "full"),
      status: 429,
      problem: null,
      retryable: true,
      untouched: true,
      retryAfterMs: 60_000,
    };
    let tries = 0;
    const attempt = (answer: Failure) => async () => {
      tries += 1;
      return answer;
    };
    const limits = { backoff: { minMs: 1, maxMs: 1 }, limitMs: 1_000, signal: new AbortController().signal };
    expect(await retry(attempt(failure), limits)).toBe(failure);
    const final = { ...failure, retryable: false, retryAfterMs: null };
    expect(await retry(attempt(final), limits)).toBe(final);
    expect(tries).toBe(2);
  });
});

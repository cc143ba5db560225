import { describe, expect, it } from "vitest";
import { beginProbe, closedBreaker, isClaiming, passTime, settle } from "../../../src/server/dispatch/breaker.ts";
import type { Breaker, BreakerVerdict } from "../../../src/server/dispatch/breaker.ts";
import { buildReason } from "../../../src/core/reason.ts";
import { toVerdict } from "../../../src/server/dispatch/build-ending.ts";

const observe = (breaker: Breaker, ...verdicts: readonly BreakerVerdict[]): Breaker =>
  verdicts.reduce((now, verdict) => settle(now, { verdict, isProbe: now.isProbing, now: 1_000 }), breaker);
const open = observe(closedBreaker, "prevented", "prevented", "prevented");

describe("the breaker", () => {
  it("opens after three tasks in a row that were prevented", () => {
    expect(observe(closedBreaker, "prevented", "prevented")).toMatchObject({ state: "closed", failures: 2 });
    expect(open).toMatchObject({ state: "open", failures: 3, until: 31_000 });
    expect(isClaiming(open)).toBe(false);
  });

  it("stays closed where one in between was carried out, and counts none that says nothing", () => {
    expect(observe(closedBreaker, "prevented", "prevented", "ran", "prevented").failures).toBe(1);
    expect(observe(closedBreaker, "prevented", "silent", "prevented").failures).toBe(2);
  });

  it("lets one task try after 30 seconds", () => {
    expect(passTime(open, 30_999).state).toBe("open");
    const halfOpen = passTime(open, 31_000);
    expect([halfOpen.state, isClaiming(halfOpen)]).toEqual(["half-open", true]);
    expect(isClaiming(beginProbe(halfOpen))).toBe(false);
  });

  it("closes when that one was carried out, and opens again when it was prevented", () => {
    const probing = beginProbe(passTime(open, 31_000));
    expect(observe(probing, "ran")).toEqual(closedBreaker);
    expect(observe(probing, "prevented")).toMatchObject({ state: "open", failures: 4 });
    expect(observe(probing, "silent")).toMatchObject({ state: "half-open", isProbing: false });
  });

  it("learns nothing from what began before it opened", () => {
    const probing = beginProbe(passTime(open, 31_000));
    for (const verdict of ["ran", "prevented", "silent"] as const) {
      expect(settle(open, { verdict, isProbe: false, now: 2_000 })).toEqual(open);
      expect(settle(probing, { verdict, isProbe: false, now: 32_000 })).toEqual(probing);
    }
  });
});

describe("the verdict on an ending", () => {
  it.each([
    ["succeeded", null, "ran"],
    ["failed", "AGENT_ERROR", "ran"],
    ["timed_out", "TIMEOUT_WALL", "ran"],
    ["cancelled", "CANCELLED", "silent"],
    ["unavailable", "ENGINE_UNAVAILABLE", "prevented"],
    ["unavailable", "MODEL_UNREACHABLE", "prevented"],
    // One owner's request must not stop the others.
    ["unavailable", "BASE_NOT_FOUND", "silent"],
    ["unavailable", "GIT_FAILED", "silent"],
    ["unavailable", "IMPORT_REFUSED", "silent"],
  ] as const)("%s with %s is %s", (outcome, code, verdict) => {
    expect(toVerdict({ outcome, reason: code === null ? null : buildReason(code, "") })).toBe(verdict);
  });
});

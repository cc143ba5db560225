import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../src/core/agent-event.ts";
import { emptyUsage } from "../../src/core/empty.ts";
import { createProgress } from "../../src/cli/progress.ts";
import type { ProgressOptions } from "../../src/cli/progress.ts";
import { plainPalette } from "../../src/report/palette.ts";
import { recordOutput } from "../support/output.ts";

const runEvent = (event: AgentEvent) =>
  ({ v: 1, runId: "r", seq: 1, ts: "2026-01-02T03:04:05.678Z", ...event }) as const;
const edit = (file: string): AgentEvent => ({
  type: "tool_use",
  data: { id: "t", name: "Edit", input: { file_path: file } },
});
const usage: AgentEvent = { type: "usage", data: { ...emptyUsage, turns: 4, inputTokens: 12_000, outputTokens: 345 } };
const warning: AgentEvent = { type: "warning", data: { code: "ODD", message: "something \u001B[31modd" } };
const error: AgentEvent = { type: "error", data: { code: "BAD", message: "something bad" } };
const message: AgentEvent = { type: "message", data: { text: "Hello.\n\u001B]0;x\u0007Bye." } };
const started: AgentEvent = {
  type: "run.started",
  data: {
    title: "Say hello",
    executionMode: "cli",
    agent: "claude",
    repository: "/r",
    base: "abc",
    branch: "agent/hello",
  },
};

/** A clock that is set by hand. */
function createClock() {
  let time = 0;
  const timers = new Set<{ due: number; intervalMs: number; callback: () => void }>();
  return {
    timers,
    now: () => time,
    every(intervalMs: number, callback: () => void) {
      const timer = { due: time + intervalMs, intervalMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(durationMs: number) {
      time += durationMs;
      for (const timer of timers) for (; timer.due <= time; timer.due += timer.intervalMs) timer.callback();
    },
  };
}

function open(options: Partial<ProgressOptions> & { columns?: number }) {
  const output = recordOutput(options.columns);
  const clock = createClock();
  const common = { stream: output.stream, verbosity: "normal", palette: plainPalette, clock } as const;
  const progress = createProgress({ ...common, ...options });
  return { progress, clock, output, take: (event: AgentEvent) => progress.onEvent(runEvent(event)) };
}

const erase = "\r\u001B[K";

/** What a terminal would show: one entry for each line. */
function emulate(text: string): string[] {
  return text.split("\n").map((line) => line.split(erase).at(-1) ?? "");
}

describe("progress on a terminal", () => {
  it("is one line that says what is going on", () => {
    const { take, clock, output } = open({ columns: 80 });
    take(started);
    take(usage);
    take(edit("/workspace/project/src/app.ts"));
    clock.pass(32_000);
    expect(emulate(output.text)).toEqual(["⠋ 32s  4 turns, 12.3k tokens, 1 file  Edit src/app.ts"]);
  });

  it("never reaches the last column, whatever it says", () => {
    for (const columns of [12, 40, 80]) {
      const { take, clock, output } = open({ columns });
      take(usage);
      take(edit(`/workspace/${"長い名前/".repeat(40)}`));
      clock.pass(100);
      const [line = ""] = emulate(output.text);
      expect(line.replace(/[^ -~⠀-⣿…]/g, "xx").length).toBeLessThan(columns);
    }
  });

  it("counts no more files than a person would", () => {
    const { take, clock, output } = open({ columns: 80 });
    take(usage);
    for (let index = 0; index < 1999; index++) take(edit(`${index}.ts`));
    clock.pass(100);
    expect(emulate(output.text)[0]).toContain("1,999 files");
    for (let index = 0; index < 3000; index++) take(edit(`other/${index}.ts`));
    clock.pass(100);
    expect(emulate(output.text)[0]).toContain("2,000+ files");
  });

  it("cuts a warning that nobody would read to its end", () => {
    const { take, output } = open({ columns: 80 });
    take({ type: "warning", data: { code: "ODD", message: "\u0007".repeat(2 ** 20) } });
    expect(output.text.length).toBeLessThan(20_000);
    expect(output.text).toContain("… (ODD)");
  });

  it("leaves nothing behind, and no timer, when it is closed, twice or in the middle of anything", () => {
    const { take, clock, output, progress } = open({ columns: 80 });
    take(edit("a"));
    progress.close();
    progress.close();
    take(edit("b"));
    clock.pass(1000);
    expect(emulate(output.text)).toEqual([""]);
    expect(clock.timers.size).toBe(0);
  });

  it("never hides the cursor", () => {
    const { take, clock, output } = open({ columns: 80, verbosity: "verbose" });
    for (const event of [started, usage, message, warning]) take(event);
    clock.pass(1000);
    const left = output.text.replaceAll(erase, "");
    expect([left.includes("\u001B"), left.includes("\r")]).toEqual([false, false]);
  });

  it("scrolls warnings and errors above the line, and nothing else", () => {
    const { take, output } = open({ columns: 80 });
    for (const event of [started, message, warning, edit("a.ts"), error]) take(event);
    const lines = emulate(output.text);
    expect(lines.slice(0, -1)).toEqual([String.raw`! something \x1b[31modd (ODD)`, "✗ something bad (BAD)"]);
    expect(lines.at(-1)).toContain("Edit a.ts");
  });

  it("scrolls all that is said when it is to be verbose", () => {
    const { take, output, progress } = open({ columns: 80, verbosity: "verbose" });
    for (const event of [message, edit("a.ts"), usage]) take(event);
    progress.close();
    expect(emulate(output.text)).toEqual(["Hello.", String.raw`\x1b]0;x\x07Bye.`, "→ Edit a.ts", ""]);
  });

  it("waits while the terminal does not keep up", () => {
    const { output, clock } = open({ columns: 80 });
    Object.defineProperty(output.stream, "writableNeedDrain", { value: true });
    clock.pass(10_000);
    expect(output.text).toBe("");
  });
});

describe("progress in CI", () => {
  it("is whole lines without control characters, one for each notable event", () => {
    const { take, clock, output } = open({});
    take(started);
    clock.pass(1500);
    for (const event of [message, usage, warning]) take(event);
    expect(output.text).toBe(`[0.0s] Say hello on agent/hello\n[1.5s] ${String.raw`! something \x1b[31modd (ODD)`}\n`);
  });

  it("condenses tool calls", () => {
    const { take, clock, output } = open({});
    for (const file of ["a", "b", "c"]) take(edit(file));
    clock.pass(5000);
    take(edit("d"));
    expect(output.text).toBe("[0.0s] Edit a\n[5.0s] Edit d (and 2 more before it)\n");
  });

  it("gives a sign of life every minute", () => {
    const { take, clock, output } = open({});
    take(usage);
    clock.pass(60_000);
    take({ type: "progress", data: { phase: "agent" } });
    clock.pass(60_000);
    expect(output.text.split("\n")).toEqual([
      "[1m 0s] still at it: starting (4 turns, 12.3k tokens)",
      "[1m 0s] agent",
      "[2m 0s] still at it: agent (4 turns, 12.3k tokens)",
      "",
    ]);
  });

  it("ends its signs of life when it is closed", () => {
    const { clock, output, progress } = open({});
    progress.close();
    clock.pass(600_000);
    expect(output.text).toBe("");
  });
});

describe("quiet progress", () => {
  it("says nothing but errors", () => {
    const { take, clock, output } = open({ verbosity: "quiet", columns: 80 });
    for (const event of [started, message, usage, warning, edit("a"), error]) take(event);
    clock.pass(600_000);
    expect(output.text).toBe("✗ something bad (BAD)\n");
  });
});

it("survives a terminal that goes away", () => {
  const { output, take } = open({ columns: 80 });
  output.stream.destroy(Object.assign(new Error("write EIO"), { code: "EIO" }));
  take(error);
  expect(output.stream.destroyed).toBe(true);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openClaudeReader } from "../../../src/agents/claude/claude-reader.ts";
import { readOutput } from "../../../src/agents/contained/read-output.ts";
import type { OutputChunk } from "../../../src/container/demux-output.ts";
import type { AgentEvent } from "../../../src/core/agent-event.ts";
import { createTail } from "../../../src/util/tail.ts";
import { cutAtRandom } from "../../support/cut-at-random.ts";

const stream = readFileSync(new URL("../../fixtures/stream/many-tools.ndjson", import.meta.url));

type Pieces = readonly (string | Uint8Array)[];
const toLatin1 = (pieces: Pieces): string => pieces.map((piece) => Buffer.from(piece).toString("latin1")).join("");

function openSinks(redact = (text: string): string => text) {
  const kept = { agent: "", stderr: "", events: [] as AgentEvent[], activity: 0 };
  const stderrTail = createTail(1_000);
  const sinks = {
    reader: openClaudeReader(),
    logs: {
      agent: async (pieces: Pieces) => void (kept.agent += toLatin1(pieces)),
      stderr: async (pieces: Pieces) => void (kept.stderr += toLatin1(pieces)),
      egress: () => undefined,
      container: () => undefined,
    },
    stderrTail,
    redact,
    emit: async (event: AgentEvent) => void kept.events.push(event),
    onActivity: () => void (kept.activity += 1),
  };
  return { kept, sinks, stderrTail };
}

/** Pieces of both streams, in turns. */
async function* mix(stdout: readonly Uint8Array[], stderr: readonly Uint8Array[]): AsyncGenerator<OutputChunk> {
  for (let index = 0; index < Math.max(stdout.length, stderr.length); index += 1) {
    const [out, err] = [stdout[index], stderr[index]];
    if (out !== undefined) yield { stream: "stdout", bytes: out };
    if (err !== undefined) yield { stream: "stderr", bytes: err };
  }
}

it("keeps both streams apart and byte for byte, however their pieces were mixed", async () => {
  const errors = Buffer.from("first \u00ff line\nsecond\nwithout end", "latin1");
  const { kept, sinks, stderrTail } = openSinks();
  await readOutput(mix(cutAtRandom(stream, 3), cutAtRandom(errors, 4)), sinks);
  expect(kept.agent).toBe(stream.toString("latin1"));
  expect(kept.stderr).toBe(`${errors.toString("latin1")}\n`);
  expect(stderrTail.read()).toContain("second\nwithout end");
  expect(kept.events.filter(({ type }) => type === "tool_use")).toHaveLength(12);
  expect(kept.activity).toBeGreaterThan(100);
});

it("takes secrets out before anything is kept, shown or remembered, wherever they were cut", async () => {
  const secret = "sk-ant-very-secret";
  const bytes = Buffer.from(
    `${JSON.stringify({ type: "assistant", message: { id: "1", content: [{ type: "text", text: secret }] } })}\nplain ${secret}\n`,
  );
  for (const seed of [1, 2, 3]) {
    const { kept, sinks, stderrTail } = openSinks((text) => text.replaceAll(secret, "[secret]"));
    await readOutput(mix(cutAtRandom(bytes, seed), cutAtRandom(bytes, seed + 1)), sinks);
    expect(JSON.stringify([kept, stderrTail.read()])).not.toContain(secret);
    expect(kept.events.map(({ data }) => data)).toEqual([
      { text: "[secret]" },
      { stream: "stdout", text: "plain [secret]" },
    ]);
  }
});

it("reads no faster than what it has read is taken", async () => {
  let given = 0;
  async function* source(): AsyncGenerator<OutputChunk> {
    for (; given < 100; given += 1) yield { stream: "stdout", bytes: Buffer.from("a line\n") };
  }
  const { sinks } = openSinks();
  const waiting = Promise.withResolvers<void>();
  const reading = readOutput(source(), { ...sinks, emit: () => waiting.promise });
  await new Promise((resolve) => setImmediate(resolve));
  expect(given).toBe(0);
  waiting.resolve();
  await reading;
  expect(given).toBe(100);
});

it("cuts a line of more than 16 MB visibly, and reads the next one", async () => {
  const { kept, sinks } = openSinks();
  const long = Buffer.alloc(17 * 1024 * 1024, 120);
  await readOutput(mix([long, Buffer.from("\n"), stream], []), sinks);
  expect(kept.events[0]).toMatchObject({ type: "log", data: { truncated: true, bytes: long.length } });
  expect(kept.events[1]).toMatchObject({ type: "agent.started" });
  expect(kept.agent).toContain(`[cut: ${long.length} bytes]\n`);
});

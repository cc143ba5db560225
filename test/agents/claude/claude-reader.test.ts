import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openClaudeReader } from "../../../src/agents/claude/claude-reader.ts";
import type { AgentFacts } from "../../../src/agents/contained/agent-cli.ts";
import { agentEventSchema } from "../../../src/core/agent-event.ts";
import type { AgentEvent } from "../../../src/core/agent-event.ts";
import { createLineSplitter, toTextLine } from "../../../src/util/lines.ts";
import { cutAtRandom } from "../../support/cut-at-random.ts";
import { maxEventBytes } from "../../../src/core/cut-event.ts";

const fixtures = new URL("../../fixtures/stream/", import.meta.url);
const names = readdirSync(fixtures).filter((name) => name.endsWith(".ndjson"));

interface Reading {
  readonly events: readonly AgentEvent[];
  readonly facts: AgentFacts;
}

function read(chunks: readonly Uint8Array[], maxLineBytes = 1e9): Reading {
  const reader = openClaudeReader();
  const splitter = createLineSplitter(maxLineBytes);
  const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  return { events: lines.flatMap((line) => reader.read(toTextLine(line))), facts: reader.facts() };
}

const readText = (text: string): Reading => read([Buffer.from(text)]);
const readFixture = (name: string): Reading => read([readFileSync(new URL(`${name}.ndjson`, fixtures))]);

describe("the reader of Claude Code's stream, on real ones", () => {
  it.each(names)("makes valid events of %s, wherever it was cut", (name) => {
    const bytes = readFileSync(new URL(name, fixtures));
    const whole = read([bytes]);
    expect(agentEventSchema.array().parse(whole.events)).toEqual(whole.events);
    expect(whole.events[0]).toMatchObject({ type: "agent.started", data: { version: "2.1.329" } });
    expect(whole.events.filter(({ type }) => type === "log" || type === "agent.started")).toHaveLength(1);
    for (let seed = 1; seed <= 5; seed += 1) expect(read(cutAtRandom(bytes, seed))).toEqual(whole);
  });

  it.each([
    ["write-file", { turns: 2, toolCalls: { Write: 1 }, costUsd: 0.02824 }],
    ["edit-and-commit", { turns: 3, toolCalls: { Bash: 2 } }],
    ["no-changes", { turns: 1, toolCalls: {} }],
    ["demo", { turns: 5, toolCalls: { Read: 1, Edit: 1, Write: 1, Bash: 1 } }],
    ["many-tools", { turns: 13, toolCalls: { Write: 3, Read: 1, Bash: 7, Edit: 1 } }],
    ["max-turns", { turns: 3, result: { kind: "error_max_turns", isError: true } }],
    ["refusal", { turns: 3, result: { stopReason: "refusal", isError: true } }],
    ["unauthorized", { result: { kind: "success", isError: true, apiStatus: 401 } }],
    ["rate-limited", { result: { isError: true, apiStatus: 429 } }],
    ["overloaded", { result: { isError: true, apiStatus: 529 } }],
    ["terminated", { turns: 0, result: null, costUsd: null }],
  ])("knows the facts of %s", (name, facts) => {
    expect(readFixture(name).facts).toMatchObject(facts);
  });

  it("tells text, thinking, tool calls and their results in order", () => {
    const { events } = readFixture("write-file");
    expect(events.map(({ type }) => type)).toEqual(["agent.started", "message", "tool_use", "tool_result", "message"]);
    expect(events[2]).toMatchObject({ data: { name: "Write", input: { content: "Hello from the agent.\n" } } });
    expect(events[3]).toMatchObject({ data: { isError: false } });
    expect(readFixture("many-tools").events.map(({ type }) => type)).toContain("thinking");
    expect(readFixture("many-tools").events).toContainEqual(
      expect.objectContaining({ type: "tool_result", data: expect.objectContaining({ isError: true }) }),
    );
  });

  it("tells each retry with its cause", () => {
    const retries = readFixture("overloaded").events.filter(({ type }) => type === "progress");
    expect(retries).toHaveLength(2);
    expect(retries[0]).toMatchObject({ data: { phase: "retry", text: expect.stringContaining("answered 529") } });
    expect(readFixture("refused").events).toContainEqual(
      expect.objectContaining({ data: { phase: "retry", text: expect.stringContaining("could not be reached") } }),
    );
  });
});

const assistant = (id: string, content: readonly object[], more: object = {}): string =>
  `${JSON.stringify({ type: "assistant", message: { id, model: "m", content }, ...more })}\n`;

const init = (id: string): string =>
  `${JSON.stringify({ type: "system", subtype: "init", session_id: id, model: "m" })}\n`;

describe("the reader of Claude Code's stream, on what it did not expect", () => {
  it.each([
    ["broken JSON", '{"type":"assistant",'],
    ["plain text", "npm warn something"],
    ["a number", "17"],
    ["null", "null"],
    ["an array", "[]"],
    ["an object without a type", "{}"],
    ["a message of a known type in another form", '{"type":"assistant","message":"hello"}'],
    ["a result without its fields", '{"type":"result"}'],
  ])("shows %s as a log line", (_, line) => {
    const { events, facts } = readText(`${line}\n`);
    expect(events).toEqual([{ type: "log", data: { stream: "stdout", text: line } }]);
    expect(facts.result).toBeNull();
  });

  it.each(['{"type":"stream_event","event":{}}', '{"type":"of_tomorrow"}', '{"type":"system","subtype":"status"}', ""])(
    "passes over %j",
    (line) => expect(readText(`${line}\n`).events).toEqual([]),
  );

  it("passes over blocks of unknown types and keeps those it knows", () => {
    const { events } = readText(assistant("1", [{ type: "server_thing" }, { type: "text", text: "hello" }]));
    expect(events).toEqual([{ type: "message", data: { text: "hello" } }]);
  });

  it("reads invalid UTF-8 with replacement characters", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"type":"assistant","message":{"id":"1","content":[{"type":"text","text":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}]}}\n'),
    ]);
    expect(read([bytes]).events).toEqual([{ type: "message", data: { text: "\ufffd\ufffd" } }]);
  });

  it("cuts a message that does not fit an event, and says how long it was", () => {
    const text = 'ä\u{1f9d1}"\n'.repeat(100_000);
    const { events } = readText(assistant("1", [{ type: "text", text }]));
    expect(events[0]).toMatchObject({ data: { truncated: true, bytes: Buffer.byteLength(text) } });
    expect(Buffer.byteLength(JSON.stringify(events[0]))).toBeLessThanOrEqual(maxEventBytes);
  });

  it("cuts the input of a tool that does not fit an event", () => {
    const input = { content: "x".repeat(400_000) };
    const { events } = readText(assistant("1", [{ type: "tool_use", id: "t", name: "Write", input }]));
    expect(events[0]).toMatchObject({ type: "tool_use", data: { truncated: true } });
    expect(Buffer.byteLength(JSON.stringify(events[0]))).toBeLessThanOrEqual(maxEventBytes);
  });

  it("shows the beginning of a line that was too long to be held, with its length", () => {
    const { events } = read([Buffer.from(assistant("1", [{ type: "text", text: "x".repeat(5000) }]))], 1000);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: "log", data: { truncated: true, bytes: expect.any(Number) } });
  });

  it("shows only the beginning of a tool's result, with its length", () => {
    const content = "y".repeat(10_000);
    const line = { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t", content }] } };
    const { events } = readText(`${JSON.stringify(line)}\n`);
    expect(events).toEqual([
      { type: "tool_result", data: { id: "t", isError: false, preview: "y".repeat(2_000), bytes: 10_000 } },
    ]);
  });

  it("counts tools with whatever name the model gave them", () => {
    const calls = ["constructor", "__proto__", "constructor"].map((name) => ({ type: "tool_use", id: "t", name }));
    const { toolCalls } = readText(assistant("1", calls)).facts;
    expect(Object.entries(toolCalls)).toEqual([
      ["constructor", 2],
      ["__proto__", 1],
    ]);
  });

  it("counts an answer once, however many lines it has, and none of a subagent or of the CLI itself", () => {
    const text = [{ type: "text", text: "x" }];
    const lines = [
      assistant("1", text),
      assistant("sub", text, { parent_tool_use_id: "t" }),
      assistant("1", text),
      assistant("2", text),
      `${JSON.stringify({ type: "assistant", message: { id: "3", model: "<synthetic>", content: text } })}\n`,
    ];
    expect(readText(lines.join("")).facts.turns).toBe(2);
  });

  it("keeps the first session it was told", () => {
    const { events, facts } = readText(`${init("a")}${init("b")}`);
    expect(events).toHaveLength(1);
    expect(facts).toMatchObject({ sessionId: "a", model: "m", version: null });
  });
});

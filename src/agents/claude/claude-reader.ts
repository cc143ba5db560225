import type { AgentEvent } from "../../core/agent-event.ts";
import { cutInput, cutText } from "../../core/cut-event.ts";
import type { TextLine } from "../../util/lines.ts";
import type { AgentFacts, AgentReader, AgentResultLine } from "../contained/agent-cli.ts";
import { noFacts } from "../contained/no-facts.ts";
import { parseClaudeLine } from "./claude-message.ts";
import type { ClaudeBlock, ClaudeMessage } from "./claude-message.ts";

const previewCharacters = 2_000;
/** Names and ids are short; one that is not would be an attack on whoever shows it. */
const nameCharacters = 200;
const maxToolNames = 200;

type Message<Type extends ClaudeMessage["type"]> = Extract<ClaudeMessage, { type: Type }>;

/** All that the lines have said so far. */
interface ReaderState {
  facts: AgentFacts;
  /** A map: the model chooses the names, `constructor` if it likes. */
  readonly toolCalls: Map<string, number>;
  lastMessageId: string;
  lines: number;
}

/** Most sessions end before compiling their checks has paid. */
const uncompiledLines = 100;

/** Turns the CLI's lines into events and remembers what they say in sum. */
export function openClaudeReader(): AgentReader {
  const state: ReaderState = { facts: noFacts, toolCalls: new Map(), lastMessageId: "", lines: 0 };
  return {
    read: (line) => readLine(state, line),
    facts: () => ({ ...state.facts, toolCalls: Object.fromEntries(state.toolCalls) }),
  };
}

function readLine(state: ReaderState, line: TextLine): AgentEvent[] {
  state.lines += 1;
  const parsed = parseClaudeLine(line, { jitless: state.lines <= uncompiledLines });
  if (parsed.kind === "unknown") return [];
  if (parsed.kind === "damaged") return toLogEvents(line);
  const { message } = parsed;
  switch (message.type) {
    case "system":
      return readSystem(state, message);
    case "assistant":
      return readAssistant(state, message);
    case "user":
      return toToolResultEvents(message);
    case "result":
      return readResult(state, message);
  }
}

function readSystem(state: ReaderState, message: Message<"system">): AgentEvent[] {
  if (message.subtype === "api_retry") return [toRetryEvent(message)];
  // A second init (after a compaction, say) tells nothing new.
  if (message.subtype !== "init" || state.facts.sessionId !== null) return [];
  const sessionId = cutName(message.session_id ?? "");
  const model = message.model === undefined ? null : cutName(message.model);
  const version = message.claude_code_version === undefined ? null : cutName(message.claude_code_version);
  state.facts = { ...state.facts, sessionId, model, version };
  return [{ type: "agent.started", data: { sessionId, model, version } }];
}

/** One answer comes as several lines with one id, a line per block; answers of subagents are no turns of the main loop. */
function readAssistant(state: ReaderState, line: Message<"assistant">): AgentEvent[] {
  const { message, parent_tool_use_id: parent = null } = line;
  // What the CLI says in the model's name, such as an error, is no turn either.
  if (cutName(message.id) !== state.lastMessageId && parent === null && message.model !== "<synthetic>") {
    state.facts = { ...state.facts, turns: state.facts.turns + 1 };
    state.lastMessageId = cutName(message.id);
  }
  for (const { type, name } of message.content) {
    if (type === "tool_use" && name !== undefined) countTool(state.toolCalls, cutName(name));
  }
  return message.content.flatMap(toAssistantEvents);
}

function countTool(calls: Map<string, number>, name: string): void {
  const known = calls.has(name) || calls.size < maxToolNames ? name : "others";
  calls.set(known, (calls.get(known) ?? 0) + 1);
}

/** A copy: a slice would keep the whole line it was cut from in memory. */
function cutName(name: string): string {
  return Buffer.from(name.slice(0, nameCharacters)).toString();
}

function readResult(state: ReaderState, message: Message<"result">): AgentEvent[] {
  const result: AgentResultLine = {
    isError: message.is_error,
    kind: message.subtype,
    turns: message.num_turns,
    text: (message.result ?? message.errors?.join("; ") ?? "").slice(0, previewCharacters),
    stopReason: message.stop_reason ?? null,
    apiStatus: message.api_error_status ?? null,
  };
  const costUsd = message.total_cost_usd ?? state.facts.costUsd;
  // The CLI counts otherwise, and 0 where all was done by subagents.
  state.facts = { ...state.facts, result, costUsd, turns: Math.max(state.facts.turns, message.num_turns) };
  return [];
}

function toAssistantEvents(block: ClaudeBlock): AgentEvent[] {
  if (block.type === "text" && block.text !== undefined) return [{ type: "message", data: cutText(block.text) }];
  if (block.type === "thinking" && block.thinking !== undefined) {
    return [{ type: "thinking", data: cutText(block.thinking) }];
  }
  if (block.type !== "tool_use") return [];
  const { id = "", name = "" } = block;
  return [{ type: "tool_use", data: { id: cutName(id), name: cutName(name), ...cutInput(block.input ?? null) } }];
}

function toToolResultEvents({ message }: Message<"user">): AgentEvent[] {
  if (typeof message.content === "string") return [];
  return message.content.flatMap((block): AgentEvent[] => {
    if (block.type !== "tool_result") return [];
    const text = typeof block.content === "string" ? block.content : JSON.stringify(block.content ?? "");
    const preview = text.slice(0, previewCharacters);
    const bytes = Buffer.byteLength(text);
    return [
      {
        type: "tool_result",
        data: { id: cutName(block.tool_use_id ?? ""), isError: block.is_error ?? false, preview, bytes },
      },
    ];
  });
}

function toRetryEvent(message: Message<"system">): AgentEvent {
  const { attempt = 0, max_retries: most = 0, error_status: status } = message;
  const seconds = ((message.retry_delay_ms ?? 0) / 1000).toFixed(1);
  const cause = status === null || status === undefined ? "could not be reached" : `answered ${status}`;
  return {
    type: "progress",
    data: { phase: "retry", text: `The model ${cause}; retry ${attempt} of ${most} in ${seconds} s` },
  };
}

/** A line that is no message is shown, not hidden: it may say why the CLI failed. */
function toLogEvents(line: TextLine): AgentEvent[] {
  if (line.bytes === 0) return [];
  const cut = cutText(line.text);
  const data = line.truncated ? { ...cut, truncated: true, bytes: line.bytes } : cut;
  return [{ type: "log", data: { stream: "stdout", ...data } }];
}

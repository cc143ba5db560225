import type { AgentEvent } from "../../core/agent-event.ts";
import { cutInput, cutText } from "../../core/cut-event.ts";
import type { Line } from "../../util/lines.ts";
import type { AgentFacts, AgentReader, AgentResultLine } from "../contained/agent-cli.ts";
import { parseClaudeLine } from "./claude-message.ts";
import type { ClaudeBlock, ClaudeMessage } from "./claude-message.ts";

const previewCharacters = 2_000;

type Message<Type extends ClaudeMessage["type"]> = Extract<ClaudeMessage, { type: Type }>;

/** Turns the CLI's lines into events and remembers what they say in sum. */
export function openClaudeReader(): AgentReader {
  let sessionId: string | null = null;
  let model: string | null = null;
  let version: string | null = null;
  let costUsd: number | null = null;
  let result: AgentResultLine | null = null;
  let turns = 0;
  let lastMessageId = "";
  const toolCalls: Record<string, number> = {};

  const readSystem = (message: Message<"system">): AgentEvent[] => {
    if (message.subtype === "api_retry") return [toRetryEvent(message)];
    if (message.subtype !== "init") return [];
    // A second init (after a compaction, say) tells nothing new.
    const first = sessionId === null;
    sessionId = message.session_id ?? null;
    model = message.model ?? null;
    version = message.claude_code_version ?? null;
    return first ? [{ type: "agent.started", data: { sessionId, model, version } }] : [];
  };
  const readAssistant = ({ message, parent_tool_use_id: parent }: Message<"assistant">): AgentEvent[] => {
    // One answer comes as several lines with one id, a line per block; answers of subagents are no turns of the main loop.
    if (message.id !== lastMessageId && (parent === null || parent === undefined)) turns += 1;
    lastMessageId = message.id;
    for (const { type, name } of message.content) {
      if (type === "tool_use" && name !== undefined) toolCalls[name] = (toolCalls[name] ?? 0) + 1;
    }
    return message.content.flatMap(toAssistantEvent);
  };
  const readResult = (message: Message<"result">): AgentEvent[] => {
    costUsd = message.total_cost_usd ?? costUsd;
    result = {
      isError: message.is_error,
      kind: message.subtype,
      turns: message.num_turns,
      text: (message.result ?? message.errors?.join("; ") ?? "").slice(0, previewCharacters),
      stopReason: message.stop_reason ?? null,
      apiStatus: message.api_error_status ?? null,
    };
    return [];
  };

  return {
    read(line) {
      const parsed = parseClaudeLine(line);
      if (parsed.kind === "unknown") return [];
      if (parsed.kind === "damaged") return toLogEvent(line);
      switch (parsed.message.type) {
        case "system":
          return readSystem(parsed.message);
        case "assistant":
          return readAssistant(parsed.message);
        case "user":
          return toToolResultEvents(parsed.message);
        case "result":
          return readResult(parsed.message);
      }
    },
    facts: (): AgentFacts => ({
      sessionId,
      model,
      version,
      costUsd,
      result,
      turns: result?.turns ?? turns,
      toolCalls: { ...toolCalls },
    }),
  };
}

function toAssistantEvent(block: ClaudeBlock): AgentEvent[] {
  if (block.type === "text" && block.text !== undefined) return [{ type: "message", data: cutText(block.text) }];
  if (block.type === "thinking" && block.thinking !== undefined) {
    return [{ type: "thinking", data: cutText(block.thinking) }];
  }
  if (block.type !== "tool_use") return [];
  const { id = "", name = "" } = block;
  return [{ type: "tool_use", data: { id, name, ...cutInput(block.input ?? null) } }];
}

function toToolResultEvents({ message }: Message<"user">): AgentEvent[] {
  if (typeof message.content === "string") return [];
  return message.content.flatMap((block): AgentEvent[] => {
    if (block.type !== "tool_result") return [];
    const text = typeof block.content === "string" ? block.content : JSON.stringify(block.content ?? "");
    const preview = text.slice(0, previewCharacters);
    const bytes = Buffer.byteLength(text);
    return [
      { type: "tool_result", data: { id: block.tool_use_id ?? "", isError: block.is_error ?? false, preview, bytes } },
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
function toLogEvent(line: Line): AgentEvent[] {
  if (line.bytes === 0) return [];
  const cut = cutText(line.content.toString());
  const data = line.truncated ? { ...cut, truncated: true, bytes: line.bytes } : cut;
  return [{ type: "log", data: { stream: "stdout", ...data } }];
}

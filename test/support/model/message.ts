import { randomBytes } from "node:crypto";
import type { Content, Step } from "./scenario.ts";

type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: unknown };

/** An event of the Messages API's stream. */
export interface StreamEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

const errorMessages: Readonly<Record<string, string>> = {
  authentication_error: "invalid x-api-key",
  rate_limit_error: "This request would exceed your organization's rate limit. Please try again later.",
  overloaded_error: "Overloaded",
  api_error: "Internal server error",
};

/** The provider's error body. */
export function buildError(error: { status: number; type?: string | undefined; message?: string | undefined }): object {
  const type = error.type ?? errorTypes[error.status] ?? "api_error";
  const message = error.message ?? errorMessages[type] ?? type;
  return { type: "error", error: { type, message }, request_id: makeId("req_") };
}

/** The whole answer, as the API gives it without streaming. */
export function buildMessage(step: Step, facts: { model: string; cwd: string }) {
  const content = step.content.map((block) => toBlock(block, facts.cwd));
  const { input, output, cacheRead, cacheWrite } = step.tokens;
  return {
    id: makeId("msg_"),
    type: "message",
    role: "assistant",
    model: facts.model,
    content,
    stop_reason: step.stopReason ?? (content.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn"),
    stop_sequence: null,
    usage: {
      input_tokens: input,
      cache_creation_input_tokens: cacheWrite,
      cache_read_input_tokens: cacheRead,
      cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
      output_tokens: output,
      service_tier: "standard",
    },
  };
}

/** The same answer as a stream: usage at the start with one output token, cumulative output at the end. */
export function* streamMessage(step: Step, facts: { model: string; cwd: string }): Generator<StreamEvent> {
  const { content, stop_reason, usage, ...message } = buildMessage(step, facts);
  const started = { ...usage, output_tokens: 1 };
  yield { type: "message_start", message: { ...message, content: [], stop_reason: null, usage: started } };
  yield { type: "ping" };
  for (const [index, block] of content.entries()) {
    yield { type: "content_block_start", index, content_block: emptyBlock(block) };
    for (const delta of deltasOf(block, step.deltaChars)) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  if (step.error?.inStream === true) {
    yield { ...buildError(step.error), type: "error" };
    return;
  }
  const { input, output, cacheRead, cacheWrite } = step.tokens;
  yield {
    type: "message_delta",
    delta: { stop_reason, stop_sequence: null },
    usage: {
      input_tokens: input,
      cache_creation_input_tokens: cacheWrite,
      cache_read_input_tokens: cacheRead,
      output_tokens: output,
    },
  };
  yield { type: "message_stop" };
}

/** The server-sent form of an event. */
export function toSse(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function toBlock(content: Content, cwd: string): Block {
  switch (content.type) {
    case "text":
      return { type: "text", text: content.text.repeat(content.times) };
    case "thinking":
      return { type: "thinking", thinking: content.thinking, signature: randomBytes(48).toString("base64") };
    case "tool_use":
      return { type: "tool_use", id: makeId("toolu_"), name: content.name, input: placeIn(content.input, cwd) };
  }
}

/** Puts the agent's working directory where the scenario says `{{cwd}}`. */
function placeIn(input: unknown, cwd: string): unknown {
  const inString = JSON.stringify(cwd).slice(1, -1);
  return JSON.parse(JSON.stringify(input).replaceAll("{{cwd}}", () => inString));
}

function emptyBlock(block: Block): object {
  switch (block.type) {
    case "text":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "tool_use":
      return { ...block, input: {} };
  }
}

function* deltasOf(block: Block, size: number): Generator<object> {
  switch (block.type) {
    case "text":
      for (const text of pieces(block.text, size)) yield { type: "text_delta", text };
      return;
    case "thinking":
      for (const thinking of pieces(block.thinking, size)) yield { type: "thinking_delta", thinking };
      yield { type: "signature_delta", signature: block.signature };
      return;
    case "tool_use":
      yield { type: "input_json_delta", partial_json: "" };
      for (const json of pieces(JSON.stringify(block.input), size))
        yield { type: "input_json_delta", partial_json: json };
  }
}

function* pieces(text: string, size: number): Generator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

export function makeId(prefix: string): string {
  return prefix + randomBytes(12).toString("hex");
}

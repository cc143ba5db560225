import { z } from "zod";
import { createByteBuffer } from "../util/byte-buffer.ts";
import { parseJson } from "../util/parse-json.ts";
import { SseScanner } from "./sse-scanner.ts";

/** Tokens of one answer or of many. */
export interface TokenCount {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** The provider's own words for what went wrong. */
export interface ProviderError {
  readonly type: string;
  readonly message: string;
}

export interface AnswerMeter {
  push(chunk: Uint8Array): void;
  /** What was seen until now; also after an answer that broke off. */
  read(): { readonly tokens: TokenCount | null; readonly error: ProviderError | null };
}

const count = z.number().int().nonnegative().nullish();
const tokensSchema = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
});
/** Of message_start, message_delta, error and of whole answers, as much as is counted. */
const answerSchema = z.object({
  message: z.object({ usage: tokensSchema.nullish() }).nullish().catch(null),
  usage: tokensSchema.nullish(),
  error: z.object({ type: z.string(), message: z.string() }).nullish(),
});

const countedEvents = new Set(["message", "message_start", "message_delta", "error"]);
const maxBodyBytes = 8 * 1024 * 1024;

/** Counts the tokens of one answer of /v1/messages while it passes, streamed or whole. */
export function openAnswerMeter(contentType: string): AnswerMeter {
  const seen = openCount();
  if (/^text\/event-stream\b/i.test(contentType)) {
    const scanner = new SseScanner((event) => {
      if (countedEvents.has(event.name)) seen.add(event.data);
    });
    return { push: (chunk) => scanner.push(chunk), read: seen.read };
  }
  const body = openBody();
  return {
    push: (chunk) => body.push(chunk),
    read() {
      seen.add(body.read());
      return seen.read();
    },
  };
}

/** The last numbers said: the stream's counts are cumulative, so they replace, never add up. */
function openCount(): { add(json: string): void; read: AnswerMeter["read"] } {
  let tokens: TokenCount | null = null;
  let error: ProviderError | null = null;
  return {
    add(json) {
      // Compiling the schema takes as long as reading a thousand of these, of which an answer has three.
      const answer = answerSchema.safeParse(parseJson(json), { jitless: true }).data;
      const said = answer?.usage ?? answer?.message?.usage ?? null;
      if (said !== null) tokens = merge(tokens ?? noTokens, said);
      error = answer?.error ?? error;
    },
    read: () => ({ tokens, error }),
  };
}

const noTokens: TokenCount = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

function merge(before: TokenCount, said: z.infer<typeof tokensSchema>): TokenCount {
  return {
    inputTokens: said.input_tokens ?? before.inputTokens,
    outputTokens: said.output_tokens ?? before.outputTokens,
    cacheReadTokens: said.cache_read_input_tokens ?? before.cacheReadTokens,
    cacheWriteTokens: said.cache_creation_input_tokens ?? before.cacheWriteTokens,
  };
}

/** A body small enough to be read whole, once; of a larger one, nothing. */
function openBody(): { push(chunk: Uint8Array): void; read(): string } {
  const held = createByteBuffer(maxBodyBytes);
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) held.take();
      else held.push(chunk);
    },
    read: () => (bytes > maxBodyBytes ? "" : held.take().toString("utf8")),
  };
}

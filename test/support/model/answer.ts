import { setTimeout as sleep } from "node:timers/promises";
import type { ServerResponse } from "node:http";
import { once } from "node:events";
import { buildError, buildMessage, makeId, streamMessage, toSse } from "./message.ts";
import type { StreamEvent } from "./message.ts";
import type { Step } from "./scenario.ts";

export interface StepAnswer {
  readonly response: ServerResponse;
  readonly step: Step;
  readonly facts: { readonly model: string; readonly cwd: string };
  readonly stream: boolean;
  /** Aborted when the server is closed. */
  readonly signal: AbortSignal;
}

/** Answers one call of /v1/messages as the step says, including not at all. */
export async function answerStep(answer: StepAnswer): Promise<void> {
  const { response, step, signal } = answer;
  if (step.refuse) return void response.socket?.destroy();
  try {
    await sleep(step.delayMs, undefined, { signal });
    if (step.hang === "headers") return;
    if (step.error !== undefined && !step.error.inStream) return sendError(response, step.error);
    await (answer.stream ? sendStream(answer) : sendWhole(answer));
  } catch {
    response.destroy();
  }
}

export function sendJson(
  response: ServerResponse,
  answer: { status: number; body: object; headers?: Record<string, string> },
): void {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "request-id": makeId("req_"),
    ...answer.headers,
  });
  response.end(text);
}

function sendError(response: ServerResponse, error: NonNullable<Step["error"]>): void {
  const { status, headers } = error;
  sendJson(response, { status, body: buildError(error), headers: { ...defaultHeaders(status), ...headers } });
}

function defaultHeaders(status: number): Record<string, string> {
  if (status === 429) return { "retry-after": "1", "x-should-retry": "true" };
  if (status >= 500) return { "x-should-retry": "true" };
  return { "x-should-retry": "false" };
}

async function sendWhole({ response, step, facts, signal }: StepAnswer): Promise<void> {
  if (step.hang === "body") return hang(signal);
  const body = buildMessage(step, facts);
  if (step.cut === undefined) return sendJson(response, { status: 200, body });
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(200, { "content-type": "application/json", "content-length": text.length });
  response.write(text.subarray(0, step.cut === "in-delta" ? text.length / 2 : step.cut));
  await settle(response);
}

async function sendStream({ response, step, facts, signal }: StepAnswer): Promise<void> {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "request-id": makeId("req_"),
  });
  const events = [...streamMessage(step, facts)];
  const lastDelta = events.findLastIndex(isDelta);
  let sent = 0;
  for (const [index, event] of events.entries()) {
    const text = Buffer.from(toSse(event));
    const room = roomFor({ step, sent, size: text.length, isLastDelta: index === lastDelta });
    sent += text.length;
    if (!response.write(text.subarray(0, room))) await once(response, "drain", { signal });
    if (room < text.length) return settle(response);
    if (isDelta(event)) {
      if (step.hang === "body") return hang(signal);
      if (step.deltaDelayMs > 0) await sleep(step.deltaDelayMs, undefined, { signal });
    }
  }
  response.end();
}

function isDelta(event: StreamEvent): boolean {
  return event.type === "content_block_delta";
}

/** How many bytes of an event are sent before the step's cut. */
function roomFor(event: { step: Step; sent: number; size: number; isLastDelta: boolean }): number {
  const { cut } = event.step;
  if (typeof cut === "number") return Math.min(event.size, Math.max(0, cut - event.sent));
  return cut === "in-delta" && event.isLastDelta ? Math.floor(event.size / 2) : event.size;
}

/** Lets what was written leave, then breaks the connection. */
async function settle(response: ServerResponse): Promise<void> {
  await new Promise<void>((done) => {
    response.write("", () => done());
  });
  response.socket?.destroySoon();
}

async function hang(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

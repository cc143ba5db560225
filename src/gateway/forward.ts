import type { IncomingMessage, ServerResponse } from "node:http";
import { Transform } from "node:stream";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Credential } from "../core/credential.ts";
import type { Redactor } from "../util/redact.ts";
import type { AnswerMeter, openAnswerMeter } from "./answer-meter.ts";
import { decode, toUnusable } from "./decode.ts";
import { toContainerHeaders, toUpstreamHeaders } from "./headers.ts";
import type { Ledger } from "./ledger.ts";
import { toAnswerFailure } from "./model-failure.ts";
import type { ModelFailure } from "./model-failure.ts";
import { sendRefusal } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import type { TargetDecision } from "./request-target.ts";
import { toOddFailure, toUpstreamFailure } from "./upstream-failure.ts";
import type { Upstream, UpstreamAnswer } from "./upstream.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Extract<TargetDecision, { allowed: true }>;
  /** Aborted when the gateway closes. */
  readonly signal: AbortSignal;
}

/** What every exchange of a gateway shares. */
export interface Model {
  readonly upstream: Upstream;
  readonly credential: Credential;
  /** Takes the credential out of what the container gets. */
  readonly redactor: Redactor;
  readonly ledger: Ledger;
}

export interface Forwarded {
  readonly status: number | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Carries one request to the model endpoint and its answer back, as both arrive. Never rejects. */
export async function forward(exchange: Exchange, model: Model): Promise<Forwarded> {
  const { request, response } = exchange;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([exchange.signal, gone.signal]);
  const sent = openBody(request);
  const responseBytes = await answerWith({ ...exchange, signal }, { ...model, body: sent?.body ?? null }).catch(() => {
    // An answer that nobody foresaw: it ends its own request, not the process.
    response.destroy();
    model.ledger.fail(toOddFailure(model.upstream.host));
    return 0;
  });
  return { status: response.headersSent ? response.statusCode : null, requestBytes: sent?.bytes() ?? 0, responseBytes };
}

/** What reads answers; loaded with the first request, or before it. */
export async function loadMeter(): Promise<typeof openAnswerMeter> {
  return (await import("./answer-meter.ts")).openAnswerMeter;
}

/** Gives the container the provider's answer or says why there is none; the bytes sent. */
async function answerWith(exchange: Exchange, { body, ...model }: Model & { body: Readable | null }): Promise<number> {
  const { request, response, target, signal } = exchange;
  // Before there is an answer: one that breaks off must find somebody who reads it.
  const openMeter = await loadMeter();
  let answer: UpstreamAnswer;
  try {
    const headers = toUpstreamHeaders(request.headers, model.credential);
    answer = await model.upstream.send({ ...target, method: request.method ?? "", headers, body, signal });
  } catch (error) {
    return signal.aborted ? 0 : refuse(error, exchange, model);
  }
  const unusable = toUnusable(answer, model.upstream.host);
  if (unusable === null) {
    const meter = openMeter(answer.headers["content-type"] ?? "");
    return relay(exchange, { ...model, answer, meter });
  }
  answer.body.on("error", () => {}).destroy();
  if (target.isMessages) model.ledger.fail(unusable);
  return sendRefusal(response, toRefusal(unusable, false));
}

/** The request's body behind a stream of our own: who stops reading it must not end the container's connection. */
function openBody(request: IncomingMessage): { body: Readable; bytes: () => number } | null {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0")) return null;
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { body: request.pipe(body), bytes: () => bytes };
}

interface MeteredAnswer {
  readonly answer: UpstreamAnswer;
  readonly meter: AnswerMeter;
}

/** Sends the answer on, part by part, counting what it says and taking the credential out of it; the bytes sent. */
async function relay(exchange: Exchange, { answer, meter, ...model }: Model & MeteredAnswer): Promise<number> {
  const { response, target, signal } = exchange;
  let bytes = 0;
  let broken: unknown = null;
  async function* watch(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        meter.push(chunk);
        yield chunk;
      }
    } catch (error) {
      // The container's leaving breaks the answer too, and is no failure of the model.
      if (!signal.aborted) broken = error;
      throw error;
    }
  }
  async function* carry(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of model.redactor.redactChunks(watch(source))) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  response.writeHead(answer.status, toContainerHeaders(answer.headers, model.redactor));
  response.flushHeaders();
  await pipeline(decode(answer), carry, response).catch(() => response.destroy());
  if (target.isMessages) settle({ answer, meter, complete: response.writableFinished }, model);
  if (broken !== null) refuse(broken, exchange, model);
  return bytes;
}

/** Enters what an answer of /v1/messages cost, and whether the model works. */
function settle(end: MeteredAnswer & { readonly complete: boolean }, model: Model): void {
  const { ledger, upstream, credential, redactor } = model;
  const { status, headers } = end.answer;
  const { tokens, error } = end.meter.read();
  if (tokens !== null) ledger.spend(tokens);
  const said = error === null ? null : { type: error.type, message: redactor.redactText(error.message) };
  const retryAfter = headers["retry-after"];
  const failure = toAnswerFailure({
    status,
    host: upstream.host,
    retryAfter: [retryAfter].flat()[0],
    error: said,
    kind: credential.kind,
  });
  if (failure !== null) ledger.fail(failure);
  else if (end.complete && status < 300) ledger.succeed();
}

/** Answers for a provider that cannot, or leaves an answer that has begun as broken as it is; the bytes sent. */
function refuse(error: unknown, { response, target }: Exchange, { ledger, upstream }: Model): number {
  const { failure, transient } = toUpstreamFailure(error, upstream.host);
  if (target.isMessages) ledger.fail(failure);
  return response.headersSent ? 0 : sendRefusal(response, toRefusal(failure, transient));
}

function toRefusal(failure: ModelFailure, retry: boolean): Refusal {
  const late = failure.code === "MODEL_TIMEOUT";
  const message = `${failure.message}. ${failure.hint}`;
  return { status: late ? 504 : 502, type: late ? "timeout_error" : "api_error", message, retry };
}

import { once } from "node:events";
import { rm } from "node:fs/promises";
import { text as readText } from "node:stream/consumers";
import { createServer } from "node:http";
import type { IncomingMessage, IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import { answerStep, sendJson } from "./answer.ts";
import { buildError } from "./message.ts";
import { factsOf, isMainLoop, parseBody, sessionOf } from "./request.ts";
import type { ModelRequest } from "./request.ts";
import { readScenario, scenarioSchema, stepSchema } from "./scenario.ts";
import type { Scenario, ScenarioInput, Step } from "./scenario.ts";

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; the text where it is not JSON; undefined where there is none. */
  readonly body: unknown;
  /** Milliseconds since the epoch, when the request was complete. */
  readonly at: number;
  /** Whether it consumed a step. */
  readonly mainLoop: boolean;
}

export interface ScriptedModel {
  /** `http://host:port`, or `unix:PATH`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ScriptedModelOptions {
  readonly port?: number;
  readonly host?: string;
  readonly socketPath?: string;
}

/**
 * Starts an HTTP server that speaks the Messages API and says what the scenario says. Each session of an agent CLI
 * walks through the steps by itself, so one model may serve many runs at once.
 */
export async function startScriptedModel(
  scenario: ScenarioInput | string,
  options: ScriptedModelOptions = {},
): Promise<ScriptedModel> {
  const script = typeof scenario === "string" ? await readScenario(scenario) : scenarioSchema.parse(scenario);
  const requests: RecordedRequest[] = [];
  const nextStep = openCursors(script);
  const gone = new AbortController();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readText(request);
    const body = parseBody(text);
    const { method = "", url: path = "/", headers } = request;
    const mainLoop = isMainLoop(method, path, body);
    requests.push({ method, path, headers, body: body ?? (text === "" ? undefined : text), at: Date.now(), mainLoop });
    const step = mainLoop ? nextStep(sessionOf(headers, body)) : undefined;
    await answer({ request, response, body, step, signal: gone.signal });
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await listen(server, options);
  return {
    url: urlOf(server, options),
    requests,
    async [Symbol.asyncDispose]() {
      gone.abort();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      if (options.socketPath !== undefined) await rm(options.socketPath, { force: true });
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: ModelRequest | undefined;
  /** Undefined for everything but the main loop. */
  readonly step: Step | undefined;
  readonly signal: AbortSignal;
}

async function answer({ request, response, body, step, signal }: Exchange): Promise<void> {
  const path = (request.url ?? "/").split("?")[0];
  if (request.method === "HEAD") return void response.writeHead(200).end();
  if (request.method !== "POST" || body === undefined) {
    return sendJson(response, { status: 404, body: buildError({ status: 404, message: "Not found" }) });
  }
  if (path === "/v1/messages/count_tokens") {
    return sendJson(response, { status: 200, body: { input_tokens: Math.ceil(JSON.stringify(body).length / 4) } });
  }
  if (path !== "/v1/messages") {
    return sendJson(response, { status: 404, body: buildError({ status: 404, message: "Not found" }) });
  }
  const facts = factsOf(body);
  await answerStep({ response, step: step ?? sideStep, facts, stream: body.stream === true, signal });
}

/** Side calls (titles, quota checks) get a short answer and no step. */
const sideStep: Step = stepSchema.parse({
  content: [{ type: "text", text: '{"title":"Scripted task"}' }],
  tokens: { input: 8, output: 1 },
});

/** Each session's place in the scenario. */
function openCursors(script: Scenario): (session: string) => Step {
  const closing = stepSchema.parse({ content: [{ type: "text", text: script.closing }] });
  const places = new Map<string, { step: number; used: number }>();
  return (session) => {
    const place = places.get(session) ?? { step: 0, used: 0 };
    places.set(session, place);
    const step = script.steps[place.step];
    if (step === undefined) return closing;
    place.used += 1;
    if (step.repeat !== "forever" && place.used >= step.repeat) {
      place.step += 1;
      place.used = 0;
    }
    return step;
  };
}

async function listen(server: Server, { port = 0, host = "127.0.0.1", socketPath }: ScriptedModelOptions) {
  if (socketPath === undefined) server.listen(port, host);
  else server.listen(socketPath);
  await once(server, "listening");
}

function urlOf(server: Server, { host = "127.0.0.1", socketPath }: ScriptedModelOptions): string {
  const address = server.address();
  if (typeof address !== "object" || address === null) return `unix:${socketPath ?? ""}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

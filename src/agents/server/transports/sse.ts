import { createLineSplitter } from "../../../util/lines.ts";
import { toForeignFailure } from "../answer-failure.ts";
import type { HttpClient } from "../http-client.ts";
import { buildTaskPath } from "../task-api.ts";
import { buildQuery, maxTextBytes, toRefusal } from "./transport.ts";
import type { StreamPart, StreamPlace } from "./transport.ts";

/** The stream as server-sent events, or as lines of JSON from a server that sends those: for networks that let no WebSocket pass. */
export async function* followBySse(client: HttpClient, place: StreamPlace): AsyncGenerator<StreamPart> {
  const path = `${buildTaskPath(place.taskId)}/events?${buildQuery(place)}`;
  const accept = "text/event-stream, application/x-ndjson;q=0.5";
  const headers = { "last-event-id": String(place.after), "cache-control": "no-store" };
  const answer = await client.stream({ method: "GET", path, accept, headers, signal: place.signal });
  if (!answer.ok) {
    yield toRefusal(answer);
    return;
  }
  const type = (answer.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const isEvents = type === "text/event-stream";
  const isPlain = (answer.headers["content-encoding"] ?? "identity") === "identity";
  if (!isPlain || (!isEvents && type !== "application/x-ndjson")) {
    const { status, headers: said } = answer;
    await endStream(answer.body);
    yield { kind: "refused", failure: toForeignFailure({ host: client.host, status, headers: said, text: "" }) };
    return;
  }
  yield* readStream(answer.body, isEvents ? createEventParser() : createLineParser());
}

type Parser = (line: string) => string | undefined;

async function* readStream(body: AsyncIterable<Uint8Array>, parse: Parser): AsyncGenerator<StreamPart> {
  const splitter = createLineSplitter(maxTextBytes);
  let unended = 0;
  try {
    for await (const chunk of body) {
      const lines = splitter.push(chunk);
      unended = lines.length === 0 ? unended + chunk.length : 0;
      // Its end is not waited for: it may be far.
      if (unended > 2 * maxTextBytes) {
        yield { kind: "oversize" };
        return;
      }
      for (const line of lines) {
        if (line.truncated) {
          yield { kind: "oversize" };
          return;
        }
        const text = parse(line.content.toString("utf8").replace(/\r$/, ""));
        if (text === oversize) {
          yield { kind: "oversize" };
          return;
        }
        if (text !== undefined) yield { kind: "text", text, isExact: true };
      }
    }
    yield { kind: "closed" };
  } catch {
    // Why it broke does not matter: the next request tells what is wrong.
    yield { kind: "broken" };
  }
}

/** No text of an event looks like it. */
const oversize = "\0";

/** Lines that end with an empty one are an event; only their data matter here. */
function createEventParser(): Parser {
  let data: string[] = [];
  let length = 0;
  return (line) => {
    if (line === "") {
      const text = data.join("\n");
      const isOver = length > maxTextBytes;
      const isEvent = data.length > 0;
      data = [];
      length = 0;
      if (isOver) return oversize;
      return isEvent ? text : undefined;
    }
    const value = /^data:? ?(.*)$/s.exec(line)?.[1];
    if (value === undefined) return undefined;
    length += value.length + 1;
    if (length <= maxTextBytes) data.push(value);
    return undefined;
  };
}

function createLineParser(): Parser {
  return (line) => (line.trim() === "" ? undefined : line);
}

/** Ends the connection. */
async function endStream(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

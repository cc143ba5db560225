import type WebSocket from "ws";
import { closeCodes } from "../../../protocol/task-event.ts";
import { toAnswerFailure } from "../answer-failure.ts";
import { readTrusted } from "../http-client.ts";
import type { HttpClient } from "../http-client.ts";
import { buildQuery, maxTextBytes, toRefusal } from "./transport.ts";
import type { StreamPart, StreamPlace } from "./transport.ts";

/** More is not taken from the socket until it is read. */
const maxWaiting = 256;
const maxWaitingBytes = 1024 * 1024;
/** What a socket that is closed may take to say so before it is cut. */
const messageTooLarge = 1009;

/** The stream over a WebSocket. */
export async function* followByWebSocket(client: HttpClient, place: StreamPlace): AsyncGenerator<StreamPart> {
  const socket = await openSocket(client, place);
  const inbox = createInbox(socket);
  const silence = createSilence(socket, client.settings.patience.silenceMs);
  const leave = (): void => inbox.end({ kind: "broken" });
  place.signal.addEventListener("abort", leave, { once: true });
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    silence.touch();
    if (!isBinary) inbox.push(data);
  });
  socket.on("ping", silence.touch);
  socket.on("close", (code: number) => inbox.end(toEnd(code)));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    inbox.end({ kind: error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "oversize" : "broken" });
  });
  socket.on("unexpected-response", (request, response) => {
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    const answer = { host: client.host, status: response.statusCode ?? 0, headers, text: "" };
    inbox.end(toRefusal(toAnswerFailure(answer)));
    request.destroy();
  });
  if (place.signal.aborted) leave();
  try {
    yield* inbox.parts();
  } finally {
    place.signal.removeEventListener("abort", leave);
    silence.end();
    socket.terminate();
  }
}

async function openSocket({ endpoint, authorization, settings }: HttpClient, place: StreamPlace): Promise<WebSocket> {
  const { WebSocket: Socket } = await import("ws");
  const { caBundle, patience, version } = settings;
  const url = `${endpoint.url.replace(/^http/, "ws")}/ws/tasks/${encodeURIComponent(place.taskId)}?${buildQuery(place)}`;
  return new Socket(url, {
    followRedirects: false,
    // What is packed small may be of any size unpacked.
    perMessageDeflate: false,
    maxPayload: maxTextBytes,
    handshakeTimeout: patience.requestMs,
    headers: {
      "user-agent": `agent-worker/${version}`,
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(caBundle === undefined ? {} : { ca: await readTrusted(caBundle) }),
  });
}

function toEnd(code: number): StreamPart {
  if (code === messageTooLarge) return { kind: "oversize" };
  if (code === closeCodes.resync) return { kind: "resync" };
  return { kind: code === closeCodes.done ? "closed" : "broken" };
}

interface Inbox {
  push(data: Buffer): void;
  /** The first end counts; what came before is still delivered. */
  end(part: StreamPart): void;
  parts(): AsyncGenerator<StreamPart>;
}

/** Pauses the socket while much is waiting. */
function createInbox(socket: WebSocket): Inbox {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let ended: StreamPart | null = null;
  let wake: (() => void) | undefined;
  return {
    push(data) {
      if (ended !== null) return;
      waiting.push(data);
      bytes += data.length;
      if (waiting.length >= maxWaiting || bytes >= maxWaitingBytes) socket.pause();
      wake?.();
    },
    end(part) {
      ended ??= part;
      wake?.();
    },
    async *parts() {
      for (;;) {
        while (waiting.length > 0) {
          const batch = waiting;
          waiting = [];
          bytes = 0;
          if (socket.isPaused) socket.resume();
          for (const data of batch) yield { kind: "text", text: data.toString("utf8"), isExact: true };
        }
        if (ended !== null) {
          yield ended;
          return;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Ends a connection that has gone dead without a word: the server pings. */
function createSilence(socket: WebSocket, silenceMs: number): { touch: () => void; end: () => void } {
  const timer = setTimeout(() => {
    // A paused socket is silent because we do not listen.
    if (socket.isPaused) timer.refresh();
    else socket.terminate();
  }, silenceMs);
  return { touch: () => void timer.refresh(), end: () => clearTimeout(timer) };
}

import { ApiError } from "./api.js";
import { wait } from "./wait.js";

/**
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./api.js").TaskEvent} TaskEvent
 * @typedef {"live" | "polling" | "waiting" | "over" | "gone"} Connection
 * @typedef {{
 *   api: Api,
 *   taskId: string,
 *   after: number,
 *   onEvents: (events: readonly TaskEvent[]) => void,
 *   onRestart: () => void,
 *   onConnection: (connection: Connection) => void,
 *   signal: AbortSignal,
 * }} StreamOptions `onRestart`: the log was begun anew; events come from the first one again.
 * @typedef {{ last: number, epoch: string | null, over: boolean, failures: number }} Cursor
 */

const firstPauseMs = 250;
const longestPauseMs = 15_000;
/** How long the server holds an empty page back, and the pause after one, for servers that do not. */
const heldBack = "20s";
const pauseMs = 1_000;
/** Sockets in a row that brought nothing: something on the way does not let them through. */
const failuresUntilPolling = 3;
/** How often polling asks before a socket is tried again. */
const pollsPerTurn = 15;
/** The server will not think better of these; docs: closeCodes of src/protocol/task-event.ts. */
const finalCodes = new Set([1003, 1007, 1009, 4400, 4401, 4403, 4404, 4426]);

/** Of the refusals, those that another time may not be. 410: the log is another one; reading begins anew. */
const passing = new Set([408, 410, 425, 429]);

/**
 * Follows a task's events to the end: each once, in order, whatever becomes of the connection.
 *
 * @param {StreamOptions} options
 */
export async function followEvents(options) {
  const { signal, onConnection } = options;
  /** @type {Cursor} */
  const cursor = { last: options.after, epoch: null, over: false, failures: 0 };
  while (!signal.aborted && !cursor.over) {
    try {
      if (cursor.failures < failuresUntilPolling) await readSocket(options, cursor);
      else await poll(options, cursor);
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) return onConnection("gone");
      cursor.failures += 1;
    }
    if (cursor.over) break;
    onConnection("waiting");
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** cursor.failures);
    await wait(Math.random() * most, signal);
  }
  if (!signal.aborted) onConnection("over");
}

/** @param {unknown} error */
function isFinal(error) {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && !passing.has(error.status);
}

/**
 * Resolves when the socket has closed; throws where the server says for good that there is nothing to read.
 *
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 */
async function readSocket(options, cursor) {
  const { api, taskId, signal } = options;
  const { ticket } = await api.takeTicket(signal);
  const query = new URLSearchParams({ after: String(cursor.last), ticket });
  if (cursor.epoch !== null) query.set("epoch", cursor.epoch);
  const url = new URL(`/ws/tasks/${encodeURIComponent(taskId)}?${query}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  const stop = () => socket.close();
  signal.addEventListener("abort", stop);
  const failuresBefore = cursor.failures;
  try {
    const code = await new Promise((resolve) => {
      socket.addEventListener("close", (event) => resolve(event.code));
      socket.addEventListener("message", (message) => {
        if (!signal.aborted && !takeFrame(String(message.data), options, cursor)) socket.close();
      });
    });
    if (code === 1000) cursor.over ||= await isComplete(options, cursor);
    if (code === 4410) restart(options, cursor);
    if (finalCodes.has(code)) throw new ApiError(code === 4404 ? 404 : 400, "The server ended the stream.");
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (cursor.failures === failuresBefore) cursor.failures += 1;
}

/**
 * Whether there is nothing more to come. An end of a stream alone does not say so.
 *
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 */
async function isComplete({ api, taskId, signal }, cursor) {
  const { complete, lastSeq } = await api.readEvents(taskId, { after: cursor.last, signal });
  return complete && lastSeq <= cursor.last;
}

/**
 * @param {string} text
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 * @returns {boolean} False: something is missing; the connection is of no use.
 */
function takeFrame(text, options, cursor) {
  const frame = parseFrame(text);
  if (frame === null) return true;
  if (frame.type === "hello") {
    // The socket goes on after the old log's last event: another one is needed, from the first.
    if (cursor.epoch !== null && cursor.epoch !== frame.epoch) return restart(options, cursor);
    cursor.epoch = frame.epoch;
    options.onConnection("live");
    return true;
  }
  cursor.failures = 0;
  return takeEvents([frame], options, cursor);
}

/**
 * @param {readonly TaskEvent[]} events
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 * @returns {boolean}
 */
function takeEvents(events, { onEvents }, cursor) {
  const news = events.filter(({ seq }) => seq > cursor.last);
  const first = news[0];
  if (first === undefined) return true;
  if (first.seq !== cursor.last + 1) return false;
  cursor.last += news.length;
  cursor.over ||= news.some(({ type }) => type === "complete");
  onEvents(news);
  return true;
}

/**
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 */
async function readPage(options, cursor) {
  const { api, taskId, signal } = options;
  try {
    return await api.readEvents(taskId, { after: cursor.last, wait: heldBack, signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 410) restart(options, cursor);
    throw error;
  }
}

/**
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 */
async function poll(options, cursor) {
  const { signal, onConnection } = options;
  for (let turn = 0; turn < pollsPerTurn && !signal.aborted && !cursor.over; turn += 1) {
    const { epoch, events, complete, lastSeq } = await readPage(options, cursor);
    onConnection("polling");
    if (cursor.epoch !== null && cursor.epoch !== epoch) restart(options, cursor);
    else takeEvents(events, options, cursor);
    cursor.epoch = epoch;
    cursor.over ||= complete && cursor.last >= lastSeq;
    if (events.length === 0 && !cursor.over) await wait(pauseMs, signal);
  }
  cursor.failures = failuresUntilPolling - 1;
}

/**
 * @param {StreamOptions} options
 * @param {Cursor} cursor
 * @returns {false}
 */
function restart({ onRestart }, cursor) {
  cursor.last = 0;
  cursor.epoch = null;
  onRestart();
  return false;
}

/** @param {string} text */
function parseFrame(text) {
  try {
    const frame = JSON.parse(text);
    return typeof frame === "object" && frame !== null ? frame : null;
  } catch {
    return null;
  }
}

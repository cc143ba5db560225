/**
 * @typedef {import("../src/protocol/task-resource.ts").TaskResource} TaskResource
 * @typedef {import("../src/protocol/task-resource.ts").TaskPage} TaskPage
 * @typedef {import("../src/protocol/task-event.ts").TaskEvent} TaskEvent
 * @typedef {import("../src/protocol/task-request.ts").TaskRequest} TaskRequest
 * @typedef {import("../src/protocol/problem.ts").Problem} Problem
 * @typedef {import("../src/core/run-report.ts").RunReport} RunReport
 * @typedef {{ epoch: string, events: TaskEvent[], lastSeq: number, complete: boolean }} EventPage
 * @typedef {{ method?: string, body?: unknown, headers?: Readonly<Record<string, string>>, accept?: string, signal?: AbortSignal }} CallOptions
 * @typedef {ReturnType<typeof createApi>} Api
 */

/** An answer that is not what was asked for. `status` 0: no answer at all. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Partial<Problem>} [problem]
   */
  constructor(status, message, problem = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * The server's API, as far as this page needs it.
 *
 * @param {{ readKey: () => string | null, onRefused: () => void }} session `onRefused`: the key is not, or no more, a good one.
 */
export function createApi({ readKey, onRefused }) {
  /**
   * @param {string} path
   * @param {CallOptions} [options]
   * @returns {Promise<Response>}
   */
  async function call(path, { method = "GET", body, headers = {}, accept = "application/json", signal } = {}) {
    const key = readKey();
    const all = new Headers({ accept, ...headers });
    if (key !== null) all.set("authorization", `Bearer ${key}`);
    if (body !== undefined) all.set("content-type", "application/json");
    /** @type {RequestInit} */
    const request = { method, headers: all, credentials: "omit", redirect: "error", cache: "no-store" };
    if (body !== undefined) request.body = JSON.stringify(body);
    if (signal !== undefined) request.signal = signal;
    const response = await fetch(path, request).catch((error) => {
      if (signal?.aborted === true) throw error;
      throw new ApiError(0, "The server does not answer.");
    });
    if (response.ok) return response;
    const error = await readProblem(response);
    if (error.status === 401) onRefused();
    throw error;
  }

  /**
   * @param {string} path
   * @param {CallOptions} [options]
   */
  async function callJson(path, options) {
    return (await call(path, options)).json();
  }

  return {
    /**
     * @param {{ state: string, cursor: string | null, limit: number, signal: AbortSignal }} query
     * @returns {Promise<TaskPage>}
     */
    listTasks({ state, cursor, limit, signal }) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (state !== "") query.set("state", state);
      if (cursor !== null) query.set("cursor", cursor);
      return callJson(`/api/v1/tasks?${query}`, { signal });
    },
    /** @param {string} id @param {AbortSignal} signal @returns {Promise<TaskResource>} */
    readTask: (id, signal) => callJson(taskPath(id), { signal }),
    /** @param {TaskRequest} body @param {string} idempotencyKey @returns {Promise<TaskResource>} */
    submitTask: (body, idempotencyKey) =>
      callJson("/api/v1/tasks", { method: "POST", body, headers: { "idempotency-key": idempotencyKey } }),
    /** @param {string} id @param {"graceful" | "force"} mode */
    interruptTask: (id, mode) => call(`${taskPath(id)}/interrupt`, { method: "POST", body: { mode } }),
    /**
     * @param {string} id
     * @param {{ after: number, wait?: string, limit?: number, signal: AbortSignal }} options `wait`: how long an empty page is held back.
     * @returns {Promise<EventPage>}
     */
    readEvents(id, { after, wait = "0", limit = 200, signal }) {
      const query = new URLSearchParams({ after: String(after), limit: String(limit), wait });
      return callJson(`${taskPath(id)}/events?${query}`, { signal });
    },
    /** @param {string} id @param {AbortSignal} signal */
    readDiff: (id, signal) => call(`${taskPath(id)}/diff`, { accept: "text/x-diff, text/plain, */*", signal }),
    /** @param {string} id @param {AbortSignal} signal @returns {Promise<RunReport>} */
    readReport: (id, signal) => callJson(`${taskPath(id)}/report`, { signal }),
    /**
     * A browser cannot send a key with a WebSocket, and a key must not stand in an address: a ticket is good for one use.
     *
     * @param {AbortSignal} signal @returns {Promise<{ ticket: string }>}
     */
    takeTicket: (signal) => callJson("/api/v1/tickets", { method: "POST", signal }),
  };
}

/**
 * @param {Response} response
 * @returns {Promise<ApiError>}
 */
async function readProblem(response) {
  /** @type {Partial<Problem>} */
  const problem = await response.json().catch(() => ({}));
  const words = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, words, problem);
}

/** @param {string} id */
function taskPath(id) {
  return `/api/v1/tasks/${encodeURIComponent(id)}`;
}

/**
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./api.js").TaskEvent} TaskEvent
 */

/**
 * The events between two, or to the end as it is now: as many pages as the server makes of them.
 *
 * @param {Api} api
 * @param {string} taskId
 * @param {{ after: number, before: number, signal: AbortSignal }} range
 */
export async function readRange(api, taskId, { after, before, signal }) {
  /** @type {TaskEvent[]} */
  const events = [];
  for (let last = after; last < before - 1;) {
    const limit = Math.min(1_000, before - 1 - last);
    const page = await api.readEvents(taskId, { after: last, limit, signal });
    if (page.events.length === 0) break;
    events.push(...page.events.filter(({ seq }) => seq < before));
    last = page.events.at(-1)?.seq ?? before;
  }
  return events;
}

import { build, buildButton } from "../dom.js";
import { readRange } from "../read-range.js";
import { buildEventRow } from "./event-row.js";

/**
 * @typedef {import("../api.js").TaskEvent} TaskEvent
 * @typedef {import("../api.js").Api} Api
 */

/** Rows at most: what is beyond is a request, or the file, away. */
export const mostRows = 1_000;
/** How many events a press of the button brings. */
const pageSize = 200;
/** How far apart additions are, so that a flood of events costs no more than a trickle. */
const flushMs = 80;
/** Whoever is so near to the end, in pixels, goes along with it. */
const nearEnd = 40;

/** A window on a task's log: it goes along with the end, or stands where the reader has gone back to. */
export class EventWindow {
  list = build("ol", { class: "events", "aria-label": "Events" });
  element = build("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Events of the task" });
  #earlier = buildButton("Show earlier events", () => void this.#showEarlier(), "more");
  #latest = buildButton("Jump to the latest", () => void this.#showLatest(), "more");
  #empty = build("p", { class: "message" }, "Nothing has happened yet.");
  /** @type {TaskEvent[]} Arrived, and not shown yet. */
  #waiting = [];
  /** The last one shown, and the last there is. */
  #shown = 0;
  #last = 0;
  #timer = 0;

  /** @param {{ api: Api, taskId: string, signal: AbortSignal, onCount: (count: number) => void }} options */
  constructor(options) {
    this.options = options;
    this.#latest.hidden = true;
    this.element.append(this.#earlier, this.#empty, this.list, this.#latest);
    this.#update();
  }

  /** @param {readonly TaskEvent[]} events The next ones. */
  add(events) {
    this.#last = events.at(-1)?.seq ?? this.#last;
    // Where somebody reads further up, the end is not in their window.
    if (this.#latest.hidden) this.#waiting.push(...events);
    // What would be dropped at once is not built at all.
    if (this.#waiting.length > mostRows) this.#waiting = this.#waiting.slice(-mostRows);
    if (this.#timer === 0) this.#timer = window.setTimeout(() => this.#flush(), flushMs);
  }

  /** The log was begun anew. */
  clear() {
    this.#waiting = [];
    this.#shown = this.#last = 0;
    this.#latest.hidden = true;
    this.list.replaceChildren();
    this.#update();
  }

  #flush() {
    this.#timer = 0;
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    const first = this.#waiting[0];
    if (first !== undefined && first.seq !== this.#shown + 1) this.list.replaceChildren();
    this.list.append(...this.#waiting.map(buildRow));
    this.#shown = this.#waiting.at(-1)?.seq ?? this.#shown;
    this.#waiting = [];
    while (this.list.children.length > mostRows) this.list.firstElementChild?.remove();
    if (isAtEnd) this.element.scrollTop = this.element.scrollHeight;
    this.#update();
  }

  async #showEarlier() {
    const { api, taskId, signal } = this.options;
    const first = readSeq(this.list.firstElementChild);
    const events = await readRange(api, taskId, { after: Math.max(0, first - 1 - pageSize), before: first, signal });
    const height = this.element.scrollHeight;
    this.list.prepend(...events.map(buildRow));
    while (this.list.children.length > mostRows) {
      this.list.lastElementChild?.remove();
      this.#latest.hidden = false;
    }
    this.element.scrollTop += this.element.scrollHeight - height;
    this.#update();
    if (this.#earlier.hidden) this.element.focus();
  }

  async #showLatest() {
    const { api, taskId, signal } = this.options;
    const after = Math.max(0, this.#last - pageSize);
    const events = await readRange(api, taskId, { after, before: Infinity, signal });
    this.#latest.hidden = true;
    this.#waiting = [];
    this.list.replaceChildren(...events.map(buildRow));
    this.#shown = this.#last = events.at(-1)?.seq ?? this.#last;
    this.element.scrollTop = this.element.scrollHeight;
    this.element.focus();
    this.#update();
  }

  #update() {
    this.#empty.hidden = this.list.children.length > 0;
    this.#earlier.hidden = readSeq(this.list.firstElementChild) <= 1;
    this.options.onCount(this.#last);
  }
}

/** @param {TaskEvent} event */
function buildRow(event) {
  const row = buildEventRow(event);
  row.value = event.seq;
  return row;
}

/** @param {Element | null} row */
function readSeq(row) {
  return row instanceof HTMLLIElement ? row.value : 0;
}

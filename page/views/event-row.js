import { build, buildButton } from "../dom.js";
import { describeEvent } from "../event-text.js";
import { formatDate, formatTime } from "../format.js";
import { showText, toVisible } from "../visible.js";

/** @typedef {import("../api.js").TaskEvent} TaskEvent */

/** What of a text is shown before anybody asks for more of it. */
const shownLines = 12;
const shownCharacters = 1_200;
/** What of a text is shown at all: the rest is in the file of all events. */
const mostCharacters = 64 * 1_024;

/**
 * @param {TaskEvent} event
 * @returns {HTMLLIElement}
 */
export function buildEventRow(event) {
  const { kind, label, text, more } = describeEvent(event);
  const time = build("time", { datetime: toVisible(event.ts), title: formatDate(event.ts) }, formatTime(event.ts));
  const body = build("div", { class: "body" }, buildText(text, kind === "thinking"));
  if (more !== undefined && more !== "" && more !== text) body.append(buildMore("Details", more));
  const row = build(
    "li",
    { class: "event", "data-kind": kind },
    time,
    build("span", { class: "label" }, showText(label)),
    body,
  );
  return row;
}

/**
 * @param {string} text
 * @param {boolean} isAside Shown on request only.
 * @returns {Node}
 */
function buildText(text, isAside) {
  if (isAside) return buildMore(firstWords(text), text);
  const start = cut(text);
  const block = build("div", { class: "text", dir: "auto" }, showText(start));
  if (start.length === text.length) return block;
  const lines = text.split("\n").length;
  const button = buildButton(
    lines > shownLines ? `Show all ${lines} lines` : "Show all",
    () => {
      block.replaceChildren(showText(text.slice(0, mostCharacters)));
      if (text.length > mostCharacters)
        block.append(build("span", { class: "control" }, "cut here: the file has it all"));
      button.remove();
      block.tabIndex = -1;
      block.focus();
    },
    "more",
  );
  return build("div", {}, block, button);
}

/**
 * @param {string} title
 * @param {string} text
 */
function buildMore(title, text) {
  const details = build("details", {}, build("summary", {}, showText(title)));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      details.append(build("div", { class: "text", dir: "auto" }, showText(text.slice(0, mostCharacters))));
    }
  });
  return details;
}

/** @param {string} text */
function cut(text) {
  const lines = text.split("\n", shownLines + 1);
  const start = lines.length > shownLines ? lines.slice(0, shownLines).join("\n") : text;
  return start.slice(0, shownCharacters);
}

/** @param {string} text */
function firstWords(text) {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}

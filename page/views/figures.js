import { build } from "../dom.js";
import { toFields, toNumber } from "../event-text.js";
import { formatCost, formatCount, formatDuration } from "../format.js";

/**
 * @typedef {import("../api.js").TaskEvent} TaskEvent
 * @typedef {import("../api.js").TaskResource} TaskResource
 * @typedef {import("../api.js").RunReport} RunReport
 */

const editingTools = new Set(["Edit", "Write", "MultiEdit", "NotebookEdit"]);

/** What a task has consumed and changed so far. */
export function createFigures() {
  const turns = buildFigure("Turns");
  const input = buildFigure("Tokens in");
  const output = buildFigure("Tokens out");
  const cost = buildFigure("Cost");
  const files = buildFigure("Files edited");
  const elapsed = buildFigure("Elapsed");
  const all = [turns, input, output, cost, files, elapsed];
  /** @type {Set<string>} */
  let edited = new Set();
  let isFinal = false;

  /** @param {Record<string, unknown>} usage */
  function showUsage(usage) {
    const read = ["inputTokens", "cacheReadTokens", "cacheWriteTokens"].map((name) => toNumber(usage[name]));
    turns.show(formatCount(toNumber(usage["turns"])));
    input.show(
      formatCount(read.reduce((sum, tokens) => sum + tokens, 0)),
      `${formatCount(read[1] ?? 0)} from the cache`,
    );
    output.show(formatCount(toNumber(usage["outputTokens"])));
    cost.show(formatCost(typeof usage["costUsd"] === "number" ? usage["costUsd"] : null));
  }

  return {
    element: build("dl", { class: "figures", "aria-label": "Figures" }, ...all.map(({ element }) => element)),
    /** @param {readonly TaskEvent[]} events */
    add(events) {
      for (const { type, data } of events) {
        if (type === "usage") showUsage(data);
        if (type === "complete") showUsage(toFields(data["usage"]));
        const path = toFields(data["input"])["file_path"];
        if (type === "tool_use" && editingTools.has(String(data["name"])) && typeof path === "string") edited.add(path);
      }
      if (!isFinal && edited.size > 0) files.show(formatCount(edited.size));
    },
    /** @param {RunReport} report */
    finish({ stats, usage }) {
      isFinal = true;
      showUsage(usage);
      files.rename("Files changed");
      files.show(formatCount(stats.filesChanged), `+${formatCount(stats.insertions)} −${formatCount(stats.deletions)}`);
    },
    /** @param {TaskResource} task @param {number} now */
    showTime({ startedAt, endedAt }, now) {
      if (startedAt === null) return;
      const end = endedAt === null ? now : new Date(endedAt).getTime();
      elapsed.show(formatDuration(end - new Date(startedAt).getTime()));
    },
    clear() {
      edited = new Set();
    },
  };
}

/** @param {string} name */
function buildFigure(name) {
  const term = build("dt", {}, name);
  const value = build("dd", { class: "value" }, "–");
  const note = build("dd", { class: "note" });
  return {
    element: build("div", {}, term, value, note),
    /** @param {string} text @param {string} [words] */
    show(text, words = "") {
      if (value.textContent !== text) value.textContent = text;
      if (note.textContent !== words) note.textContent = words;
    },
    /** @param {string} text */
    rename(text) {
      term.textContent = text;
    },
  };
}

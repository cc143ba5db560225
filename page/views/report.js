import { build, buildButton, saveFile } from "../dom.js";
import { countWords, formatCost, formatCount, formatDate, formatDuration, shortenId } from "../format.js";
import { buildBadge } from "../states.js";
import { showText } from "../visible.js";
import { describeFailure } from "./failure.js";

/**
 * @typedef {import("../api.js").Api} Api
 * @typedef {import("../api.js").RunReport} RunReport
 */

const mostFiles = 500;
const notYet = "The report comes when the task has ended.";

/**
 * @param {{ api: Api, taskId: string, signal: AbortSignal, onReport: (report: RunReport) => void }} options
 */
export function createReport({ api, taskId, signal, onReport }) {
  const content = build("div", {}, build("p", { class: "message" }, notYet));
  const save = buildButton("Save as JSON", () => undefined, "quiet");
  save.hidden = true;
  const bar = build("div", { class: "bar" }, build("h2", { class: "unseen", tabindex: "-1" }, "Report"), save);
  /** @type {RunReport | undefined} */
  let report;
  save.addEventListener("click", () => saveFile(`${taskId}.json`, new Blob([JSON.stringify(report, null, 2)])));
  return {
    element: build("section", { class: "section" }, bar, content),
    async load() {
      try {
        report = await api.readReport(taskId, signal);
        if (signal.aborted) return;
        save.hidden = false;
        content.replaceChildren(...showReport(report));
        onReport(report);
      } catch (error) {
        if (!signal.aborted)
          content.replaceChildren(
            describeFailure(error, { 404: "It ended before anything was begun, so there is no report.", 409: notYet }),
          );
      }
    },
  };
}

/**
 * @param {RunReport} report
 * @returns {Node[]}
 */
function showReport(report) {
  const { outcome, reason, agent, branch, stats, usage, timings, warnings } = report;
  const rows = [
    row("Outcome", buildBadge(outcome)),
    ...(reason === null
      ? []
      : [
          row("Reason", showText(`${reason.message} (${reason.code})`)),
          row("What to do", showText(reason.hint ?? "")),
        ]),
    row("Agent", showText([agent.name, agent.version, agent.model].filter((text) => text !== null).join(", "))),
    row("Base", build("code", {}, showText(shortenId(report.repository.base.sha)))),
    row("Result", branch === null ? "nothing to fetch" : build("code", {}, showText(shortenId(branch.head)))),
    row(
      "Changes",
      `${countWords(stats.filesChanged, "file")}, +${formatCount(stats.insertions)} −${formatCount(stats.deletions)}, ${countWords(stats.commits, "commit")}`,
    ),
    row(
      "Tokens",
      `${formatCount(usage.inputTokens)} in, ${formatCount(usage.cacheReadTokens)} from the cache, ${formatCount(usage.cacheWriteTokens)} to the cache, ${formatCount(usage.outputTokens)} out`,
    ),
    row("Cost", formatCost(usage.costUsd)),
    row("Time", `${formatDuration(timings.totalMs)}, ${formatDate(report.startedAt)}`),
    ...warnings.map(({ code, message }) => row("Warning", showText(`${message} (${code})`))),
  ];
  const files = stats.files.slice(0, mostFiles).map(showFile);
  const prompt = build(
    "details",
    {},
    build("summary", {}, "The task's words"),
    build("div", { class: "text", dir: "auto" }, showText(report.task.prompt)),
  );
  if (files.length === 0) return [build("dl", { class: "facts-list" }, ...rows.flat()), prompt];
  const more =
    stats.files.length > mostFiles || stats.truncated
      ? [build("p", { class: "message" }, "More files are in the JSON.")]
      : [];
  return [
    build("dl", { class: "facts-list" }, ...rows.flat()),
    prompt,
    build("h3", {}, "Files"),
    build("ul", { class: "files" }, ...files),
    ...more,
  ];
}

/** @param {string} term @param {Node | string} value */
function row(term, value) {
  return [build("dt", {}, term), build("dd", {}, value)];
}

/** @param {RunReport["stats"]["files"][number]} file */
function showFile({ path, status, insertions, deletions, binary }) {
  const sums = binary ? "binary" : `+${formatCount(insertions ?? 0)} −${formatCount(deletions ?? 0)}`;
  return build(
    "li",
    {},
    build("span", { class: "path" }, showText(path)),
    build("span", { class: "facts" }, `${status} · ${sums}`),
  );
}

import { formatCost, formatCount, formatDuration, shortenId } from "./format.js";
import { nameState } from "./states.js";

/**
 * @typedef {import("./api.js").TaskEvent} TaskEvent
 * @typedef {"message" | "thinking" | "tool" | "result" | "problem" | "note" | "detail" | "end"} Kind
 * @typedef {{ readonly kind: Kind, readonly label: string, readonly text: string, readonly more?: string }} Description
 *   `more`: what is shown on request.
 */

/** @param {unknown} value @returns {string} */
function toText(value) {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

/** @param {unknown} value @returns {number} */
export function toNumber(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** @param {unknown} value @returns {Record<string, unknown>} */
export function toFields(value) {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** What of a tool's input says most, in this order. */
const tellingFields = ["command", "file_path", "path", "pattern", "query", "url", "description", "prompt"];

/** @type {Readonly<Record<string, (data: Record<string, unknown>) => Description>>} */
const descriptions = {
  "run.started": (data) => note("Started", `${toText(data["agent"])} from ${shortenId(toText(data["base"]))}`),
  "workspace.ready": () => note("Workspace", "The container stands, with the repository in it."),
  "image.progress": (data) => ({ kind: "detail", label: "Image", text: toText(data["text"]) }),
  "agent.started": (data) =>
    note("Agent", [toText(data["model"]), toText(data["version"])].filter((text) => text !== "").join(", ")),
  message: (data) => ({ kind: "message", label: "Agent", text: toText(data["text"]) }),
  thinking: (data) => ({ kind: "thinking", label: "Thinking", text: toText(data["text"]) }),
  tool_use: describeTool,
  tool_result: (data) => ({
    kind: data["isError"] === true ? "problem" : "result",
    label: data["isError"] === true ? "Tool error" : "Result",
    text: toText(data["preview"]),
  }),
  usage: (data) => ({ kind: "detail", label: "Usage", text: describeUsage(data) }),
  progress: (data) =>
    note("Progress", [toText(data["phase"]), toText(data["text"])].filter((text) => text !== "").join(": ")),
  log: (data) => ({ kind: "detail", label: toText(data["stream"]), text: toText(data["text"]) }),
  gate: (data) => ({
    kind: data["status"] === "passed" ? "note" : "problem",
    label: "Gate",
    text: `${toText(data["name"])}: ${toText(data["status"])} after ${formatDuration(toNumber(data["durationMs"]))}`,
    more: toText(data["detail"]),
  }),
  warning: (data) => ({
    kind: "problem",
    label: "Warning",
    text: `${toText(data["message"])} (${toText(data["code"])})`,
  }),
  error: (data) => ({ kind: "problem", label: "Error", text: `${toText(data["message"])} (${toText(data["code"])})` }),
  "attempt.lost": () => ({
    kind: "problem",
    label: "Lost",
    text: "The server that carried this attempt out went away. It is begun anew.",
  }),
  complete: describeEnd,
};

/**
 * An event in words. Types that nobody knows yet are shown as they are.
 *
 * @param {TaskEvent} event
 * @returns {Description}
 */
export function describeEvent({ type, data }) {
  const describe = Object.hasOwn(descriptions, type) ? descriptions[type] : undefined;
  return describe?.(toFields(data)) ?? { kind: "detail", label: toText(type), text: JSON.stringify(data) };
}

/** @param {string} label @param {string} text @returns {Description} */
function note(label, text) {
  return { kind: "note", label, text };
}

/** @param {Record<string, unknown>} data @returns {Description} */
function describeTool(data) {
  const input = toFields(data["input"]);
  const telling = tellingFields.map((name) => input[name]).find((value) => typeof value === "string");
  const text = typeof telling === "string" ? telling : JSON.stringify(data["input"] ?? {});
  return { kind: "tool", label: toText(data["name"]), text, more: JSON.stringify(data["input"] ?? {}, null, 2) };
}

/** @param {Record<string, unknown>} usage */
function describeUsage(usage) {
  const cost = usage["costUsd"];
  const parts = [
    `${formatCount(toNumber(usage["turns"]))} turns`,
    `${formatCount(toNumber(usage["inputTokens"]))} tokens in`,
    `${formatCount(toNumber(usage["outputTokens"]))} out`,
  ];
  return [...parts, ...(typeof cost === "number" ? [formatCost(cost)] : [])].join(", ");
}

/** @param {Record<string, unknown>} data @returns {Description} */
function describeEnd(data) {
  const reason = toFields(data["reason"]);
  const words = [toText(reason["message"]), toText(reason["hint"])].filter((text) => text !== "");
  return { kind: "end", label: nameState(toText(data["outcome"])), text: words.join("\n") };
}

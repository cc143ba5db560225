import { build } from "./dom.js";
import { toVisible } from "./visible.js";

/**
 * How a state is called, and what it feels like: the style's colours, beside the word.
 *
 * @type {Readonly<Record<string, { readonly name: string, readonly mood: "waiting" | "busy" | "good" | "bad" | "still" }>>}
 */
export const states = {
  queued: { name: "Queued", mood: "waiting" },
  preparing: { name: "Preparing", mood: "busy" },
  running: { name: "Running", mood: "busy" },
  finalizing: { name: "Finalizing", mood: "busy" },
  cancelling: { name: "Stopping", mood: "busy" },
  succeeded: { name: "Succeeded", mood: "good" },
  no_changes: { name: "No changes", mood: "still" },
  failed: { name: "Failed", mood: "bad" },
  limited: { name: "Limited", mood: "bad" },
  timed_out: { name: "Timed out", mood: "bad" },
  cancelled: { name: "Cancelled", mood: "still" },
  lost: { name: "Lost", mood: "bad" },
};

/** @param {string} state */
export function isOver(state) {
  const mood = states[state]?.mood;
  return mood !== "busy" && mood !== "waiting";
}

/** @param {string} state */
export function nameState(state) {
  return states[state]?.name ?? toVisible(state);
}

/** @param {string} state */
export function buildBadge(state) {
  return build("span", { class: "badge", "data-mood": states[state]?.mood ?? "still" }, nameState(state));
}

import { ApiError } from "../api.js";
import { build } from "../dom.js";
import { showText } from "../visible.js";

/**
 * Why something cannot be shown, in words for people.
 *
 * @param {unknown} error
 * @param {Readonly<Record<number, string>>} [words] Better ones, by status.
 */
export function describeFailure(error, words = {}) {
  const text = error instanceof ApiError ? (words[error.status] ?? error.message) : "Something on this page failed.";
  return build("p", { class: "message" }, showText(text));
}

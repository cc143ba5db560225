import { build } from "./dom.js";

/**
 * What could hide, reorder or move text, or stand for a terminal's commands: control and format characters (bidirectional
 * ones among them), line separators, lone surrogates. Line breaks and tabs stay, and the joiner within emoji.
 */
const hidden = /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * @param {string} character
 * @returns {string}
 */
function toName(character) {
  const code = character.codePointAt(0) ?? 0;
  // The pictures of the C0 characters stand in the same order as they.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * Text from outside as one string, for titles and names.
 *
 * @param {string} text
 */
export function toVisible(text) {
  return text.replaceAll("\r\n", "\n").replace(hidden, toName);
}

/**
 * Text from outside as nodes: plain text, with each hidden character in a mark of its own.
 *
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function showText(text) {
  const fragment = document.createDocumentFragment();
  const clean = text.replaceAll("\r\n", "\n");
  let from = 0;
  for (const match of clean.matchAll(hidden)) {
    fragment.append(clean.slice(from, match.index), build("span", { class: "control" }, toName(match[0])));
    from = match.index + match[0].length;
  }
  fragment.append(clean.slice(from));
  return fragment;
}

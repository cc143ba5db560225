import { build, buildButton, saveFile } from "../dom.js";
import { formatCount } from "../format.js";
import { describeFailure } from "./failure.js";
import { showText } from "../visible.js";

/**
 * @typedef {import("../api.js").Api} Api
 * @typedef {{ readonly path: string, readonly lines: string[], insertions: number, deletions: number }} FileChange
 */

/** What of a patch is shown: beyond it, the file. */
const mostBytes = 2 * 1_024 * 1_024;
const mostLines = 8_000;
const notYet = "The changes can be seen when the task has ended.";

/**
 * What the task has changed, commit to commit.
 *
 * @param {{ api: Api, taskId: string, signal: AbortSignal }} options
 */
export function createChanges({ api, taskId, signal }) {
  const content = build("div", {}, build("p", { class: "message" }, notYet));
  const save = buildButton("Save the patch", () => void savePatch(), "quiet");
  save.hidden = true;
  const bar = build("div", { class: "bar" }, build("h2", { class: "unseen", tabindex: "-1" }, "Changes"), save);

  async function savePatch() {
    saveFile(`${taskId}.patch`, await (await api.readDiff(taskId, signal)).blob());
  }

  return {
    element: build("section", { class: "section" }, bar, content),
    async load() {
      try {
        const { text, isCut } = await readStart(await api.readDiff(taskId, signal));
        if (signal.aborted) return;
        save.hidden = text === "";
        content.replaceChildren(...showPatch(text, isCut));
      } catch (error) {
        if (!signal.aborted)
          content.replaceChildren(
            describeFailure(error, {
              404: "There are no changes.",
              409: notYet,
            }),
          );
      }
    },
  };
}

/**
 * @param {Response} response
 * @returns {Promise<{ text: string, isCut: boolean }>}
 */
async function readStart(response) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) return { text: text + decoder.decode(), isCut: false };
    text += decoder.decode(piece.value, { stream: true });
    bytes += piece.value.length;
    if (bytes > mostBytes) {
      await reader?.cancel();
      return { text, isCut: true };
    }
  }
}

/**
 * @param {string} text
 * @param {boolean} isCut
 * @returns {Node[]}
 */
function showPatch(text, isCut) {
  const files = parsePatch(text);
  if (files.length === 0) return [build("p", { class: "message" }, "There are no changes.")];
  let room = mostLines;
  const shown = [];
  for (const file of files) {
    if (room <= 0) break;
    shown.push(showFile(file, room));
    room -= file.lines.length;
  }
  if (isCut || room < 0 || shown.length < files.length) {
    shown.push(build("p", { class: "message" }, "The rest is too long for a page: save the patch to read it."));
  }
  return shown;
}

/**
 * @param {string} text
 * @returns {FileChange[]}
 */
function parsePatch(text) {
  /** @type {FileChange[]} */
  const files = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("diff --git ")) files.push({ path: readPath(line), lines: [], insertions: 0, deletions: 0 });
    const file = files.at(-1);
    if (file === undefined || line.startsWith("diff --git ")) continue;
    file.lines.push(line);
    if (line.startsWith("+") && !line.startsWith("+++ ")) file.insertions += 1;
    if (line.startsWith("-") && !line.startsWith("--- ")) file.deletions += 1;
  }
  return files;
}

/** @param {string} line `diff --git a/x b/x`; the two are the same but for a rename. */
function readPath(line) {
  const rest = line.slice("diff --git ".length);
  const half = rest.slice(2, (rest.length - 1) / 2);
  return rest === `a/${half} b/${half}` ? half : rest;
}

/**
 * @param {FileChange} file
 * @param {number} room
 */
function showFile({ path, lines, insertions, deletions }, room) {
  const code = build("pre", { tabindex: "0", "aria-label": "Lines" });
  for (const line of lines.slice(0, room)) {
    code.append(build("span", { class: "line", "data-change": classify(line) }, showText(line), "\n"));
  }
  const sums = build(
    "span",
    { class: "sums" },
    build("span", { "data-change": "added" }, `+${formatCount(insertions)}`),
    " ",
    build("span", { "data-change": "removed" }, `−${formatCount(deletions)}`),
  );
  return build(
    "details",
    { class: "file", open: true },
    build("summary", {}, build("span", { class: "path" }, showText(path)), sums),
    code,
  );
}

/** @param {string} line */
function classify(line) {
  if (line.startsWith("@@")) return "place";
  if (/^(?:\+\+\+ |--- |index |new file|deleted file|old mode|new mode|similarity|rename |Binary )/.test(line))
    return "head";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

import { build } from "../dom.js";

/** @typedef {"events" | "changes" | "report"} Name */

/** @type {readonly { readonly name: Name, readonly text: string }[]} */
const names = [
  { name: "events", text: "Events" },
  { name: "changes", text: "Changes" },
  { name: "report", text: "Report" },
];

/**
 * The parts of a task, one seen at a time. Each has an address, so that it can be linked to and gone back to.
 *
 * @param {string} taskId
 * @param {Readonly<Record<Name, { readonly element: HTMLElement }>>} parts
 */
export function createSections(taskId, parts) {
  const links = names.map(({ name, text }) => ({
    name,
    link: build("a", { href: name === "events" ? `#/tasks/${taskId}` : `#/tasks/${taskId}/${name}` }, text),
  }));
  const list = build("ul", {}, ...links.map(({ link }) => build("li", {}, link)));
  return {
    navigation: build("nav", { class: "sections", "aria-label": "Of this task" }, list),
    /**
     * @param {string} wanted
     * @param {boolean} isMove Somebody went there, so their focus follows.
     */
    open(wanted, isMove) {
      const open = links.some(({ name }) => name === wanted) ? wanted : "events";
      for (const { name, link } of links) {
        parts[name].element.hidden = name !== open;
        if (name === open) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
        if (name === open && isMove) parts[name].element.querySelector("h2")?.focus({ preventScroll: true });
      }
    },
  };
}

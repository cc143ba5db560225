import { build } from "../dom.js";
import { formatDate, shortenId } from "../format.js";
import { buildBadge } from "../states.js";
import { showText, toVisible } from "../visible.js";
import { describeRepository } from "./tasks.js";

/**
 * @typedef {import("../api.js").TaskResource} TaskResource
 * @typedef {import("../stream.js").Connection} Connection
 */

/** @type {Readonly<Record<Connection, string>>} */
export const connectionWords = {
  live: "Live",
  polling: "Live, without a socket",
  waiting: "Connection lost, trying again…",
  over: "",
  gone: "The events cannot be read any more",
};

/**
 * What a task is and how it stands.
 *
 * @param {HTMLElement} action What can be done about it.
 */
export function createTaskHeader(action) {
  const heading = build("h1", { tabindex: "-1" }, "Task");
  const state = build("span", {});
  const connection = build("span", { class: "connection" });
  const facts = build("p", { class: "meta" });
  const reason = build("p", { class: "reason" });
  reason.hidden = true;
  return {
    element: build(
      "div",
      { class: "task-header" },
      build("p", { class: "back" }, build("a", { href: "#/" }, "All tasks")),
      build("div", { class: "title-row" }, heading, action),
      build("p", { class: "state-row" }, state, connection),
      facts,
      reason,
    ),
    /** @param {TaskResource} task */
    show(task) {
      const title = toVisible(task.title);
      heading.textContent = title === "" ? "(no words)" : title;
      document.title = `${heading.textContent} · agent-worker`;
      state.replaceChildren(buildBadge(task.state));
      facts.replaceChildren(listFacts(task).join(" · "), " · ", build("code", {}, task.id));
      reason.hidden = task.reason === null;
      reason.replaceChildren(showText(task.reason?.message ?? ""));
    },
    /** @param {Connection} next */
    showConnection(next) {
      connection.textContent = connectionWords[next];
      connection.dataset["state"] = next;
    },
  };
}

/** @param {TaskResource} task */
function listFacts(task) {
  const { base, agent, model, attempt, createdAt } = task;
  const facts = [
    describeRepository(task),
    base === null ? "" : `base ${shortenId(base)}`,
    [agent, model ?? ""].filter((text) => text !== "").join(", "),
    attempt > 1 ? `attempt ${attempt}` : "",
    `submitted ${formatDate(createdAt)}`,
  ];
  return facts.filter((fact) => fact !== "").map(toVisible);
}

import { announce, build, buildButton } from "../dom.js";
import { countWords, formatAge, formatDate, formatDuration } from "../format.js";
import { buildBadge, states } from "../states.js";
import { toVisible } from "../visible.js";
import { wait } from "../wait.js";
import { describeFailure } from "./failure.js";

/** @typedef {import("../api.js").TaskResource} TaskResource */

const pageSize = 25;
const refreshMs = 3_000;
const filters = [
  { value: "", name: "All" },
  { value: "queued,preparing,running,finalizing,cancelling", name: "Not ended" },
  ...Object.entries(states).map(([value, { name }]) => ({ value, name })),
];

/** @param {import("../app.js").View} view */
export function showTasks({ main, api, signal, query }) {
  const wanted = query.get("state") ?? "";
  const state = filters.some(({ value }) => value === wanted) ? wanted : "";
  const pages = new TaskPages(api, signal, state);
  const select = build("select", { id: "state" });
  for (const { value, name } of filters) select.append(build("option", { value, selected: value === state }, name));
  select.addEventListener("change", () => {
    history.replaceState(null, "", select.value === "" ? "#/" : `#/?state=${select.value}`);
    pages.filter(select.value);
  });
  const heading = build("h1", { tabindex: "-1" }, "Tasks");
  const refresh = buildButton("Refresh", () => void pages.load(true), "quiet");
  const label = build("label", { for: "state" }, "State");
  main.append(build("div", { class: "bar" }, heading, label, select, refresh), pages.message, pages.list, pages.turner);
  void pages.load(false);
  void pages.keepFresh();
}

/** The page of tasks that is looked at, and the way to the others. */
class TaskPages {
  message = build("div", { class: "message" }, "Loading…");
  list = build("ul", { class: "tasks", "aria-label": "Tasks" });
  #newer = buildButton("Newer", () => this.#turn(this.#cursors.slice(0, -1)), "quiet");
  #older = buildButton("Older", () => this.#turn([...this.#cursors, this.#nextCursor]), "quiet");
  turner = build("nav", { class: "pages", "aria-label": "Pages" }, this.#newer, this.#older);
  /** @type {(string | null)[]} The cursors of the pages before this one, and its own. */
  #cursors = [null];
  /** @type {string | null} */
  #nextCursor = null;
  #round = 0;

  /**
   * @param {import("../api.js").Api} api
   * @param {AbortSignal} signal
   * @param {string} state
   */
  constructor(api, signal, state) {
    this.api = api;
    this.signal = signal;
    this.state = state;
    this.turner.hidden = true;
    this.list.addEventListener("keydown", (event) => moveAlong(this.list, event));
  }

  /** @param {string} state */
  filter(state) {
    this.state = state;
    this.#turn([null]);
  }

  /** @param {(string | null)[]} cursors */
  #turn(cursors) {
    this.#cursors = cursors;
    void this.load(true);
  }

  /** @param {boolean} isAsked Somebody asked for it, so they are told. */
  async load(isAsked) {
    this.#round += 1;
    const round = this.#round;
    const { state, signal } = this;
    try {
      const cursor = this.#cursors.at(-1) ?? null;
      const { tasks, nextCursor } = await this.api.listTasks({ state, cursor, limit: pageSize, signal });
      // Another page has been asked for meanwhile.
      if (signal.aborted || round !== this.#round) return;
      this.#nextCursor = nextCursor;
      this.#show(tasks);
      if (isAsked) announce(countWords(tasks.length, "task"));
    } catch (error) {
      if (!signal.aborted) this.message.replaceChildren(describeFailure(error));
    }
  }

  /** @param {readonly TaskResource[]} tasks */
  #show(tasks) {
    updateList(this.list, tasks);
    this.turner.hidden = this.#nextCursor === null && this.#cursors.length === 1;
    this.#newer.disabled = this.#cursors.length === 1;
    this.#older.disabled = this.#nextCursor === null;
    this.message.replaceChildren(...(tasks.length === 0 ? describeNothing(this.state) : []));
  }

  async keepFresh() {
    while (!this.signal.aborted) {
      await wait(refreshMs, this.signal);
      if (!this.signal.aborted && document.visibilityState === "visible") await this.load(false);
    }
  }
}

/**
 * @param {string} state
 * @returns {(Node | string)[]}
 */
function describeNothing(state) {
  if (state !== "") return ["No task is in this state."];
  return [
    "No tasks yet. ",
    build("a", { href: "#/new" }, "Submit one"),
    ", or point agent-worker here with --execution-mode server.",
  ];
}

/**
 * Changes what has changed only, so that the focus, a selection or a screen reader's place stay where they are.
 *
 * @param {HTMLUListElement} list
 * @param {readonly TaskResource[]} tasks
 */
function updateList(list, tasks) {
  const known = new Map([...list.children].map((item) => [item.getAttribute("data-id"), item]));
  const wanted = tasks.map((task) => {
    const revision = `${task.revision} ${formatAge(task.createdAt, Date.now())}`;
    const item = known.get(task.id) ?? build("li", { "data-id": task.id });
    if (item.getAttribute("data-revision") !== revision) {
      const isFocused = item.contains(document.activeElement);
      item.replaceChildren(...buildRow(task));
      item.setAttribute("data-revision", revision);
      if (isFocused) item.querySelector("a")?.focus();
    }
    return item;
  });
  if (wanted.length === list.children.length && wanted.every((item, index) => item === list.children[index])) return;
  const focused = document.activeElement;
  list.replaceChildren(...wanted);
  if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
}

/**
 * @param {TaskResource} task
 * @returns {Node[]}
 */
function buildRow(task) {
  const title = toVisible(task.title);
  const took =
    task.startedAt !== null && task.endedAt !== null
      ? formatDuration(new Date(task.endedAt).getTime() - new Date(task.startedAt).getTime())
      : "";
  const facts = [describeRepository(task), toVisible(task.agent), took].filter((fact) => fact !== "");
  return [
    buildBadge(task.state),
    build("a", { href: `#/tasks/${task.id}`, class: "title" }, title === "" ? "(no words)" : title),
    build("span", { class: "facts" }, facts.join(" · ")),
    build(
      "time",
      { datetime: task.createdAt, title: formatDate(task.createdAt) },
      formatAge(task.createdAt, Date.now()),
    ),
  ];
}

/** @param {TaskResource} task */
export function describeRepository({ repository }) {
  if ("key" in repository) return toVisible(repository.key);
  return toVisible("url" in repository ? repository.url : repository.path);
}

/**
 * Arrows, Home and End lead from task to task.
 *
 * @param {HTMLUListElement} list
 * @param {KeyboardEvent} event
 */
function moveAlong(list, event) {
  const links = [...list.querySelectorAll("a")];
  const here = links.findIndex((link) => link === document.activeElement);
  const steps = new Map([
    ["ArrowDown", here + 1],
    ["ArrowUp", here - 1],
    ["Home", 0],
    ["End", links.length - 1],
  ]);
  const link = links[steps.get(event.key) ?? -1];
  if (link === undefined) return;
  event.preventDefault();
  link.focus();
}

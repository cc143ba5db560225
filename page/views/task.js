import { announce, build } from "../dom.js";
import { isOver, nameState } from "../states.js";
import { followEvents } from "../stream.js";
import { wait } from "../wait.js";
import { createChanges } from "./changes.js";
import { mostRows } from "./event-window.js";
import { createEventList } from "./events.js";
import { describeFailure } from "./failure.js";
import { createFigures } from "./figures.js";
import { createInterrupt } from "./interrupt.js";
import { createReport } from "./report.js";
import { createSections } from "./sections.js";
import { connectionWords, createTaskHeader } from "./task-header.js";

/**
 * @typedef {import("../api.js").TaskResource} TaskResource
 * @typedef {ReturnType<typeof createParts>} Parts
 */

const refreshMs = 3_000;
const tickMs = 1_000;

/**
 * @param {import("../app.js").View} view
 * @param {string} id
 * @param {string} firstSection
 */
export function showTask(view, id, firstSection) {
  const { main, signal } = view;
  const parts = createParts(view, id);
  const { header, figures, sections, events, changes, report } = parts;
  main.append(header.element, figures.element, sections.navigation, events.element, changes.element, report.element);
  sections.open(firstSection, false);
  addEventListener("hashchange", () => sections.open(location.hash.split("/")[3] ?? "events", true), { signal });
  followTask(view, id, parts).catch((error) => {
    if (signal.aborted) return;
    const failure = describeFailure(error, { 404: "There is no such task." });
    main.replaceChildren(build("h1", { tabindex: "-1" }, "Task"), failure);
  });
}

/**
 * @param {import("../app.js").View} view
 * @param {string} taskId
 */
function createParts({ api, signal }, taskId) {
  const refresh = { now: () => {} };
  const interrupt = createInterrupt({ api, taskId, onDone: () => refresh.now() });
  const figures = createFigures();
  const events = createEventList({ api, taskId, signal });
  const changes = createChanges({ api, taskId, signal });
  const report = createReport({ api, taskId, signal, onReport: (found) => figures.finish(found) });
  const sections = createSections(taskId, { events, changes, report });
  return {
    header: createTaskHeader(interrupt.element),
    refresh,
    interrupt,
    figures,
    events,
    changes,
    report,
    sections,
  };
}

/**
 * Shows the task as it is, then its events as they come. Ends when no more come.
 *
 * @param {import("../app.js").View} view
 * @param {string} id
 * @param {Parts} parts
 */
async function followTask({ api, signal }, id, parts) {
  let task = await api.readTask(id, signal);
  showState(parts, task, null);

  async function refresh() {
    const next = await api.readTask(id, signal).catch(() => task);
    if (signal.aborted) return;
    const before = task;
    task = next;
    showState(parts, next, before);
  }

  async function keepFresh() {
    for (let tick = 1; !signal.aborted && !isOver(task.state); tick += 1) {
      await wait(tickMs, signal);
      parts.figures.showTime(task, Date.now());
      if (tick % (refreshMs / tickMs) === 0) await refresh();
    }
  }

  parts.refresh.now = () => void refresh();
  await Promise.all([keepFresh(), follow({ api, signal }, task, parts)]);
}

/**
 * @param {Pick<import("../app.js").View, "api" | "signal">} view
 * @param {TaskResource} task
 * @param {Parts} parts
 */
function follow({ api, signal }, task, { events, figures, header, refresh }) {
  return followEvents({
    api,
    taskId: task.id,
    after: Math.max(0, task.lastSeq - mostRows),
    signal,
    onEvents(news) {
      figures.add(news);
      events.add(news);
      if (news.some(({ type }) => type === "complete")) refresh.now();
    },
    onRestart() {
      figures.clear();
      events.clear();
    },
    onConnection(next) {
      header.showConnection(next);
      if (next === "waiting" || next === "gone") announce(connectionWords[next]);
    },
  });
}

/**
 * @param {Parts} parts
 * @param {TaskResource} task
 * @param {TaskResource | null} before
 */
function showState({ header, interrupt, figures, changes, report }, task, before) {
  if (task.revision !== before?.revision) header.show(task);
  if (before !== null && before.state !== task.state) announce(`The task is now: ${nameState(task.state)}`);
  interrupt.update(task.state);
  figures.showTime(task, Date.now());
  const hasEnded = isOver(task.state) && (before === null || !isOver(before.state));
  if (hasEnded) void Promise.all([changes.load(), report.load()]);
}

import { build, buildButton, saveFile } from "../dom.js";
import { countWords } from "../format.js";
import { readRange } from "../read-range.js";
import { EventWindow } from "./event-window.js";

const filters = [
  { value: "main", name: "The main events" },
  { value: "all", name: "Everything" },
  { value: "messages", name: "Messages" },
  { value: "problems", name: "Problems" },
];

/**
 * A task's events, with what can be done about them.
 *
 * @param {{ api: import("../api.js").Api, taskId: string, signal: AbortSignal }} options
 */
export function createEventList(options) {
  const count = build("span", { class: "count" });
  const shown = new EventWindow({
    ...options,
    onCount(events) {
      count.textContent = events === 0 ? "" : countWords(events, "event");
    },
  });
  const select = build("select", { id: "show" });
  for (const { value, name } of filters) select.append(build("option", { value }, name));
  const filter = () => shown.list.setAttribute("data-show", select.value);
  select.addEventListener("change", filter);
  filter();
  const save = buildButton("Save all", () => void saveAll(), "quiet");

  async function saveAll() {
    save.disabled = true;
    try {
      const { api, taskId, signal } = options;
      const events = await readRange(api, taskId, { after: 0, before: Infinity, signal });
      saveFile(`${taskId}.ndjson`, new Blob(events.map((event) => `${JSON.stringify(event)}\n`)));
    } finally {
      save.disabled = false;
    }
  }

  const heading = build("h2", { class: "unseen", tabindex: "-1" }, "Events");
  const bar = build("div", { class: "bar" }, heading, count, build("label", { for: "show" }, "Show"), select, save);
  return {
    element: build("section", { class: "section" }, bar, shown.element),
    add: shown.add.bind(shown),
    clear: shown.clear.bind(shown),
  };
}

import { ApiError } from "../api.js";
import { build, buildField } from "../dom.js";
import { toVisible } from "../visible.js";

/** @typedef {import("../api.js").TaskRequest} TaskRequest */

/** @param {import("../app.js").View} view */
export function showSubmit({ main, api, signal }) {
  const fields = createFields();
  const problem = build("p", { class: "field-problem", role: "alert" });
  const button = build("button", { type: "submit", class: "primary" }, "Submit");
  const form = build(
    "form",
    { novalidate: true },
    ...Object.values(fields).map(({ element }) => element),
    problem,
    button,
  );
  // The same for every try: a task whose answer was lost on the way is not begun twice.
  let request = { body: "", key: createKey() };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  main.append(build("section", { class: "submit" }, build("h1", { tabindex: "-1" }, "New task"), form));

  async function submit() {
    problem.textContent = "";
    const wrong = checkFields(fields);
    if (wrong !== undefined) return wrong.focus();
    const body = buildRequest(fields);
    const text = JSON.stringify(body);
    if (text !== request.body) request = { body: text, key: createKey() };
    button.disabled = true;
    try {
      const task = await api.submitTask(body, request.key);
      if (!signal.aborted) location.hash = `#/tasks/${task.id}`;
    } catch (error) {
      if (signal.aborted) return;
      button.disabled = false;
      showProblem(error);
    }
  }

  /** @param {unknown} error */
  function showProblem(error) {
    const errors = error instanceof ApiError ? (error.problem.errors ?? []) : [];
    for (const { pointer, message } of errors) findField(fields, pointer)?.setProblem(toVisible(message));
    const control = errors
      .map(({ pointer }) => findField(fields, pointer)?.control)
      .find((found) => found !== undefined);
    problem.textContent = error instanceof ApiError ? toVisible(error.message) : "The task could not be sent.";
    (control ?? button).focus();
  }
}

function createFields() {
  const task = build("textarea", { id: "task", rows: 8, required: true, dir: "auto" });
  const key = build("input", { id: "repository", required: true, spellcheck: "false", autocapitalize: "none" });
  const base = build("input", { id: "base", required: true, spellcheck: "false", autocapitalize: "none" });
  const model = build("input", { id: "model", spellcheck: "false", autocapitalize: "none" });
  return {
    task: buildField("What is to be done", task, "The agent gets these words as they stand."),
    key: buildField("Repository", key, "Its key on this server, where its commits were pushed."),
    base: buildField("Base", base, "The commit to start from: all 40 characters (git rev-parse HEAD)."),
    model: buildField("Model", model, "Nothing: the agent's own choice."),
  };
}

/** @typedef {ReturnType<typeof createFields>} Fields */

/**
 * @param {Fields} fields
 * @returns {HTMLElement | undefined} The first that something is wrong with.
 */
function checkFields({ task, key, base, model }) {
  task.setProblem(task.control.value.trim() === "" ? "Say in words what is to be done." : "");
  key.setProblem(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(key.control.value.trim()) ? "" : "Letters, digits, dots, - and _.",
  );
  base.setProblem(
    /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(base.control.value.trim()) ? "" : "This is no whole commit id.",
  );
  model.setProblem("");
  return [task, key, base].map(({ control }) => control).find((control) => control.hasAttribute("aria-invalid"));
}

/**
 * @param {Fields} fields
 * @returns {TaskRequest}
 */
function buildRequest({ task, key, base, model }) {
  const chosen = model.control.value.trim();
  return {
    task: task.control.value,
    repository: { key: key.control.value.trim(), base: base.control.value.trim() },
    ...(chosen === "" ? {} : { model: chosen }),
  };
}

/**
 * @param {Fields} fields
 * @param {string} pointer
 */
function findField({ task, key, base, model }, pointer) {
  if (pointer.startsWith("/task")) return task;
  if (pointer.startsWith("/repository/base")) return base;
  if (pointer.startsWith("/repository")) return key;
  return pointer.startsWith("/model") ? model : undefined;
}

/** Random enough to be nobody else's. (`randomUUID` is there on https and loopback only.) */
function createKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

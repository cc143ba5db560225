import { ApiError } from "../api.js";
import { announce, build, buildButton } from "../dom.js";
import { isOver } from "../states.js";
import { toVisible } from "../visible.js";

/**
 * Stops a task: gently at first, at once when asked again.
 *
 * @param {{ api: import("../api.js").Api, taskId: string, onDone: () => void }} options
 */
export function createInterrupt({ api, taskId, onDone }) {
  const problem = build("span", { class: "field-problem" });
  const button = buildButton("Interrupt", () => void interrupt(), "danger");
  let isStopping = false;
  button.hidden = true;

  async function interrupt() {
    button.disabled = true;
    problem.textContent = "";
    try {
      await api.interruptTask(taskId, isStopping ? "force" : "graceful");
      announce(isStopping ? "The task is being stopped at once" : "The task has been asked to stop");
    } catch (error) {
      // It has ended meanwhile: the refresh below shows how.
      if (!(error instanceof ApiError && error.status === 409)) {
        problem.textContent = error instanceof ApiError ? toVisible(error.message) : "It could not be stopped.";
      }
    }
    button.disabled = false;
    onDone();
  }

  return {
    element: build("div", { class: "interrupt" }, problem, button),
    /** @param {string} state */
    update(state) {
      isStopping = state === "cancelling";
      button.hidden = isOver(state);
      button.textContent = isStopping ? "Stop at once" : "Interrupt";
    },
  };
}

import { ApiError } from "../api.js";
import { build, buildField } from "../dom.js";
import { toVisible } from "../visible.js";

/**
 * @param {import("../app.js").View} view
 * @param {{ problem: string, tryKey: (key: string, signal: AbortSignal) => Promise<void> }} options
 */
export function showLogin({ main, signal }, { problem, tryKey }) {
  const input = build("input", {
    id: "key",
    type: "password",
    autocomplete: "current-password",
    spellcheck: "false",
    autocapitalize: "none",
    required: true,
  });
  const field = buildField(
    "Key",
    input,
    "From whoever runs this server. It stays in this tab and is forgotten with it.",
  );
  const button = build("button", { type: "submit", class: "primary" }, "Sign in");
  const form = build("form", { novalidate: true }, field.element, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });

  async function submit() {
    const key = input.value.trim();
    if (key === "") return refuse("Please enter a key.");
    // A header holds nothing else; the server would say the same.
    if (!/^[\u0021-\u007e]+$/.test(key)) return refuse("A key has no spaces, and letters without accents only.");
    button.disabled = true;
    field.setProblem("");
    try {
      await tryKey(key, signal);
    } catch (error) {
      if (signal.aborted) return;
      button.disabled = false;
      refuse(
        error instanceof ApiError && error.status !== 401
          ? toVisible(error.message)
          : "The server does not know this key.",
      );
    }
  }

  /** @param {string} message */
  function refuse(message) {
    field.setProblem(message);
    input.focus();
    input.select();
  }

  field.setProblem(problem);
  main.append(build("section", { class: "login" }, build("h1", { tabindex: "-1" }, "Sign in"), form));
  input.focus();
}

/**
 * An element with attributes and children. Strings become text: nothing on this page is ever parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string | number | boolean>>} [attributes] `true` sets an empty one, `false` none.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function build(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} [className]
 * @returns {HTMLButtonElement}
 */
export function buildButton(text, onClick, className = "") {
  const button = build("button", { type: "button", class: className }, text);
  button.addEventListener("click", onClick);
  return button;
}

/**
 * An element that index.html holds.
 *
 * @param {string} id
 */
export function find(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`There is no #${id}.`);
  return element;
}

/**
 * A labelled field: label, hint and problem belong to it for everybody, however they read the page.
 *
 * @template {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control
 * @param {string} text
 * @param {Control} control Needs an id.
 * @param {string} [hint]
 */
export function buildField(text, control, hint = "") {
  const problem = build("p", { class: "field-problem", id: `${control.id}-problem` });
  const hintElement = build("p", { class: "hint", id: `${control.id}-hint` }, hint);
  control.setAttribute("aria-describedby", `${hintElement.id} ${problem.id}`);
  const element = build(
    "div",
    { class: "field" },
    build("label", { for: control.id }, text),
    control,
    hintElement,
    problem,
  );
  return {
    element,
    control,
    /** @param {string} message Empty: nothing is wrong. */
    setProblem(message) {
      problem.textContent = message;
      if (message === "") control.removeAttribute("aria-invalid");
      else control.setAttribute("aria-invalid", "true");
    },
  };
}

/**
 * Tells those who do not see the page what has changed. Only what they would want to be interrupted for.
 *
 * @param {string} text
 */
export function announce(text) {
  const status = find("status");
  if (status.textContent !== text) status.textContent = text;
}

/**
 * Hands a file to the browser's downloads.
 *
 * @param {string} name
 * @param {Blob} content
 */
export function saveFile(name, content) {
  const url = URL.createObjectURL(content);
  build("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

import { createApi } from "./api.js";
import { announce, find } from "./dom.js";
import { session } from "./session.js";
import { showLogin } from "./views/login.js";
import { showSubmit } from "./views/submit.js";
import { showTask } from "./views/task.js";
import { showTasks } from "./views/tasks.js";

/**
 * @typedef {import("./api.js").Api} Api
 * @typedef {{ readonly main: HTMLElement, readonly api: Api, readonly signal: AbortSignal, readonly query: URLSearchParams }} View
 *   `signal`: aborted when another view takes its place.
 * @typedef {{ readonly name: string, readonly show: (view: View) => void | Promise<void> }} Route
 */

const main = find("main");
const navigation = find("navigation");
const signOut = find("sign-out");

let current = new AbortController();
let shown = "";
let isLoginShown = false;

const api = createApi({ readKey: () => session.read(), onRefused: askForKey });

/** @returns {{ path: string, query: URLSearchParams }} What follows the # of the address. */
function readAddress() {
  const [path = "", query = ""] = location.hash.slice(1).split("?", 2);
  return { path: path === "" ? "/" : path, query: new URLSearchParams(query) };
}

/**
 * @param {string} path
 * @returns {Route}
 */
function findRoute(path) {
  const [, id, section = "events"] = /^\/tasks\/([0-9A-HJKMNP-TV-Z]{26})(?:\/(changes|report))?$/.exec(path) ?? [];
  if (id !== undefined) return { name: `task ${id}`, show: (view) => showTask(view, id, section) };
  if (path === "/new") return { name: "new", show: showSubmit };
  return { name: "tasks", show: showTasks };
}

function navigate() {
  const { path, query } = readAddress();
  const route = findRoute(path);
  for (const link of navigation.querySelectorAll("a")) {
    const isHere = link.hash === `#${path}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // A task's sections share what has been loaded: the view itself moves between them.
  if (route.name === shown && route.name.startsWith("task ")) return;
  show(route.name, (view) => route.show({ ...view, query }));
}

/**
 * @param {string} name
 * @param {(view: View) => void | Promise<void>} fill
 */
function show(name, fill) {
  const isFirst = shown === "";
  current.abort();
  current = new AbortController();
  shown = name;
  isLoginShown = name === "login";
  navigation.hidden = isLoginShown;
  signOut.hidden = session.read() === null;
  main.replaceChildren();
  announce("");
  void fill({ main, api, signal: current.signal, query: new URLSearchParams() });
  const heading = main.querySelector("h1");
  document.title = heading === null ? "agent-worker" : `${heading.textContent} · agent-worker`;
  scrollTo(0, 0);
  // The reader of a page that has changed below them begins at its heading; a page just opened begins at its top.
  if (!isFirst && !isLoginShown) heading?.focus({ preventScroll: true });
}

/** The key is missing, wrong or not valid any more. */
function askForKey() {
  if (isLoginShown) return;
  const hadKey = session.read() !== null;
  session.write(null);
  show("login", (view) =>
    showLogin(view, {
      problem: hadKey ? "The server does not know this key, or not any more." : "",
      tryKey,
    }),
  );
}

/**
 * @param {string} key
 * @param {AbortSignal} signal
 */
async function tryKey(key, signal) {
  const attempt = createApi({ readKey: () => key, onRefused: () => undefined });
  await attempt.listTasks({ state: "", cursor: null, limit: 1, signal });
  session.write(key);
  navigate();
}

signOut.addEventListener("click", () => {
  session.write(null);
  location.hash = "#/";
  show("login", (view) => showLogin(view, { problem: "", tryKey }));
});
addEventListener("hashchange", navigate);
navigate();

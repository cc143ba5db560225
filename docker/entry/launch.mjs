// What docker/entry/launch.sh says while it fills the work tree, starts the agent CLI and waits for its end.
import { rmSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";

/**
 * @typedef {{ code: number | null, signal: string | null, error: string | null }} Exit
 * @typedef {{ pid: number, route: null } | { pid: null, route: string }} Start `route`: by what the container is not cut off; then nothing was started.
 */

// As start.sh opened them.
const promptDescriptor = 3;
const launchDescriptor = 4;
/** Their names; open they are already. */
const pipes = ["/tmp/.prompt", "/tmp/.launch"];

/** @returns {{ filled: Promise<void>, started: Promise<Start>, exited: Promise<Exit> }} */
export function followLaunch() {
  const launch = {
    /** @type {PromiseWithResolvers<void>} */
    filled: Promise.withResolvers(),
    /** @type {PromiseWithResolvers<Start>} */
    started: Promise.withResolvers(),
    /** @type {PromiseWithResolvers<Exit>} */
    exited: Promise.withResolvers(),
    /** @type {string | null} */
    missing: null,
  };
  const { filled, started, exited } = launch;
  for (const { promise } of [filled, started]) promise.catch(() => {});
  for (const pipe of pipes) rmSync(pipe, { force: true });
  readLines({
    onLine: (word, text) => take(launch, word, text),
    onEnd() {
      for (const { reject } of [filled, started]) reject(new Error("what starts the agent CLI was killed"));
      // So was what waits for it: whatever of it is left will be killed as well.
      exited.resolve({ code: null, signal: "SIGKILL", error: null });
    },
  });
  return { filled: filled.promise, started: started.promise, exited: exited.promise };
}

/**
 * @param {{
 *   filled: PromiseWithResolvers<void>,
 *   started: PromiseWithResolvers<Start>,
 *   exited: PromiseWithResolvers<Exit>,
 *   missing: string | null,
 * }} launch
 * @param {string} word
 * @param {string} text
 */
function take(launch, word, text) {
  const { filled, started, exited } = launch;
  if (word === "failed") filled.reject(new Error(text.slice(-4000)));
  if (word === "filled") filled.resolve();
  if (word === "route") started.resolve({ pid: null, route: text });
  if (word === "started") started.resolve({ pid: Number(text), route: null });
  if (word === "missing") launch.missing = text;
  if (word === "exited") exited.resolve(readStatus(Number(text), launch.missing));
}

/** To the agent CLI's stdin, which ends there. Nothing waits for it: the CLI need not read it. @param {Buffer} bytes */
export function givePrompt(bytes) {
  const prompt = new Socket({ fd: promptDescriptor, readable: false });
  prompt.on("error", () => {});
  prompt.end(bytes);
}

/** @param {{ onLine: (word: string, text: string) => void, onEnd: () => void }} handlers `onEnd`: nobody is left to say anything. */
function readLines({ onLine, onEnd }) {
  const said = new Socket({ fd: launchDescriptor, writable: false });
  let rest = "";
  said.on("data", (chunk) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [word = ""] = line.split(" ", 1);
      onLine(word, line.slice(word.length + 1));
    }
  });
  said.on("close", onEnd);
}

/**
 * As shells tell it: what a signal ended has 128 and its number.
 * @param {number} status
 * @param {string | null} missing The program, where it was not there.
 * @returns {Exit}
 */
function readStatus(status, missing) {
  if (missing !== null)
    return {
      code: null,
      signal: null,
      error: `${missing} cannot be executed (${status === 127 ? "ENOENT" : "EACCES"})`,
    };
  const [name] = Object.entries(constants.signals).find(([, number]) => number === status - 128) ?? [];
  return name === undefined ? { code: status, signal: null, error: null } : { code: null, signal: name, error: null };
}

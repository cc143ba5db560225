// How the entry program runs git: inside the container, with none of the agent's global settings and no hooks.
import { spawn } from "node:child_process";

const settings = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.quotePath": "false",
  "core.preloadIndex": "true",
  "checkout.workers": "0",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "safe.directory": "*",
  "advice.addEmbeddedRepo": "false",
};

/** @type {Record<string, string>} */
const baseEnvironment = {
  PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
  HOME: "/nonexistent",
  LC_ALL: "C.UTF-8",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  // A missing object must not start a program that the agent has configured as a remote.
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_CONFIG_COUNT: String(Object.keys(settings).length),
  ...Object.fromEntries(
    Object.entries(settings).flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
};

/**
 * @typedef {object} GitOptions
 * @property {string} cwd
 * @property {Record<string, string>} [env]
 * @property {string | Buffer | Promise<string>} [input] As soon as it is there.
 * @property {NodeJS.WritableStream} [output]
 * @property {number} [timeoutMs] Then git is killed, and its exit code is null.
 */

/**
 * Runs git to its end. With `output`, stdout is written there (and awaited); otherwise it is returned.
 * @param {string[]} args
 * @param {GitOptions} options
 */
export function tryGit(args, options) {
  return tryRun(["git", ...args], options);
}

/**
 * Runs git and returns its stdout without the last newline; throws what it said on stderr when it fails.
 * @param {string[]} args
 * @param {GitOptions} options
 */
export function git(args, options) {
  return runWithGit(["git", ...args], options);
}

/**
 * The same for a program that runs git.
 * @param {string[]} command
 * @param {GitOptions} options
 */
export async function runWithGit(command, options) {
  const { code, stdout, stderr } = await tryRun(command, options);
  if (code !== 0) throw new Error(`${command[0]} ${command[1]} ended with ${code}: ${stderr.trim()}`);
  return stdout.toString().replace(/\n$/, "");
}

/**
 * @param {string[]} command
 * @param {GitOptions} options
 * @returns {Promise<{ code: number | null, stdout: Buffer, stderr: string }>}
 */
function tryRun([file = "", ...args], { cwd, env = {}, input, output, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const environment = { ...baseEnvironment, ...env };
    const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };
    const child = spawn(file, args, { cwd, env: environment, stdio: ["pipe", "pipe", "pipe"], ...timeout });
    /** @type {Buffer[]} */
    const chunks = [];
    let stderr = "";
    if (output) child.stdout.pipe(output, { end: false });
    else child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => (stderr = (stderr + chunk).slice(-4000)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(chunks), stderr }));
    // git may end before it has read everything; its exit code tells what matters.
    child.stdin.on("error", () => {});
    void Promise.resolve(input).then((text) => child.stdin.end(text ?? ""));
  });
}

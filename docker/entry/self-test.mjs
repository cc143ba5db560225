// Before the prompt is sent: the model endpoint answers and nothing else does. Whatever is reachable is named.
import { lookup } from "node:dns/promises";
import { connect } from "node:net";

const patienceMs = 1_000;

/**
 * Whether the model endpoint answers. Any HTTP answer will do. Spoken by hand: loading node:http alone takes longer than starting this program.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 5_000 });
    let answer = "";
    socket.write("GET /agent-worker/self-test HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(answer.startsWith("HTTP/1.1 ")));
  });
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<string[]>}
 */
function reaches(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => done([]), patienceMs);
    /** @param {string[]} result */
    const done = (result) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => done([`${host}:${port}`]));
    socket.on("error", () => done([]));
  });
}

/** @returns {Promise<string[]>} */
async function resolvesNames() {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const timeout = new Promise((resolve) => (timer = setTimeout(() => resolve(null), patienceMs)));
  const found = await Promise.race([lookup("example.com").catch(() => null), timeout]);
  clearTimeout(timer);
  return found === null ? [] : ["DNS (example.com)"];
}

/** Everything but the model that can be reached from here. @returns {Promise<string[]>} */
export async function findReachable() {
  const reached = await Promise.all([
    reaches("1.1.1.1", 443),
    reaches("169.254.169.254", 80),
    reaches("2606:4700:4700::1111", 443),
    resolvesNames(),
  ]);
  return reached.flat();
}

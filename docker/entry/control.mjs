// The container's end of the control channel: one connection to the host, NDJSON both ways, prompt and pack as raw bytes.
import { connect } from "node:net";

/**
 * @param {string} socketPath
 * @param {{ onStop: (graceMs: number) => void, onLost: () => void }} handlers
 */
export function connectControl(socketPath, { onStop, onLost }) {
  const socket = connect(socketPath);
  /** @type {PromiseWithResolvers<Buffer>} */
  const { promise: prompt, resolve: resolvePrompt } = Promise.withResolvers();
  let finished = false;
  /** @type {Buffer[]} */
  let chunks = [];
  let bytes = 0;
  let awaited = 0;

  socket.on("data", (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    // A prompt comes in many pieces: they are put together once.
    if (bytes < awaited) return;
    let pending = Buffer.concat(chunks);
    awaited = 0;
    for (let newline = pending.indexOf(10); newline >= 0; newline = pending.indexOf(10)) {
      const message = JSON.parse(pending.subarray(0, newline).toString());
      const end = newline + 1 + (message.type === "prompt" ? message.bytes : 0);
      if (pending.length < end) {
        awaited = end;
        break;
      }
      if (message.type === "prompt") resolvePrompt(pending.subarray(newline + 1, end));
      if (message.type === "stop") onStop(message.graceMs);
      pending = pending.subarray(end);
    }
    chunks = [pending];
    bytes = pending.length;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (!finished) onLost();
  });

  return {
    /** Resolves when all of it has come. */
    prompt,
    socket,
    /** @param {Record<string, unknown> & { type: string }} message */
    send: (message) => socket.write(`${JSON.stringify(message)}\n`),
    /** Ends our side and waits until everything has left. @returns {Promise<void>} */
    finish: () =>
      new Promise((resolve) => {
        finished = true;
        socket.end(() => resolve());
      }),
  };
}

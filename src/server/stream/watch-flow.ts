import type { Socket } from "node:net";

export interface FlowWatch {
  readonly drainMs: number;
  /** Data has waited for `drainMs` (and at most a quarter more), and the peer has taken none. Called once. */
  readonly onStalled: () => void;
}

/** Looks at whether the peer takes what is sent to it; a peer that is sent nothing is not watched. */
export function watchFlow(socket: Socket, { drainMs, onStalled }: FlowWatch): Disposable {
  let takenBefore = 0;
  let since = performance.now();
  const look = (): void => {
    const taken = socket.bytesWritten - socket.writableLength;
    const now = performance.now();
    if (socket.writableLength === 0 || taken !== takenBefore) since = now;
    takenBefore = taken;
    if (now - since < drainMs) return;
    clearInterval(timer);
    onStalled();
  };
  const timer = setInterval(look, drainMs / 4).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Resolves when all that was written is taken, or when aborted. Only for a stream that has more than its high-water mark. */
export function waitForDrain(stream: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) return resolve();
    stream.on("drain", done);
    signal.addEventListener("abort", done);
  });
}

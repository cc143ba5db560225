import type { Metrics, StreamTransport } from "../../metrics/metrics.ts";
import { ProblemError } from "../http/problem-error.ts";

/** The open streams: how many each owner has, and how to end them all. */
export interface Connections {
  /**
   * `onClose` is called when the server ends its streams. Dispose what it answers when the stream has ended. Throws DRAINING,
   * TOO_MANY_REQUESTS.
   */
  open(connection: {
    readonly owner: string;
    readonly transport: StreamTransport;
    readonly onClose: (code: number) => unknown;
  }): Disposable;
  /** Ends all streams; from now on none is opened. Resolves when all have ended. */
  closeAll(code: number): Promise<void>;
  readonly isClosed: boolean;
  readonly size: number;
}

export function createConnections(
  metrics: Pick<Metrics, "streamOpened" | "streamClosed">,
  perOwner: number,
): Connections {
  const counts = new Map<string, number>();
  const closers = new Set<(code: number) => unknown>();
  let closed = false;
  const { promise: ended, resolve: settle } = Promise.withResolvers<void>();

  function release(owner: string): void {
    const count = (counts.get(owner) ?? 1) - 1;
    if (count === 0) counts.delete(owner);
    else counts.set(owner, count);
  }

  return {
    open({ owner, transport, onClose }) {
      if (closed) throw new ProblemError("DRAINING");
      const count = counts.get(owner) ?? 0;
      if (count >= perOwner) {
        throw new ProblemError("TOO_MANY_REQUESTS", {
          detail: `At most ${perOwner} event streams of a key may be open.`,
        });
      }
      counts.set(owner, count + 1);
      const closer = (code: number): unknown => onClose(code);
      closers.add(closer);
      metrics.streamOpened(transport);
      return {
        [Symbol.dispose]() {
          if (!closers.delete(closer)) return;
          release(owner);
          metrics.streamClosed(transport);
          if (closed && closers.size === 0) settle();
        },
      };
    },
    closeAll(code) {
      closed = true;
      if (closers.size === 0) settle();
      for (const close of closers) close(code);
      return ended;
    },
    get isClosed() {
      return closed;
    },
    get size() {
      return closers.size;
    },
  };
}

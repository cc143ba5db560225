/** Joins several producers to one consumer, in order. */
export interface Channel<T> extends AsyncIterable<T> {
  /** Resolves when the consumer has caught up enough; a producer of much awaits it. */
  push(value: T): Promise<void>;
  /** Values pushed so far are still delivered. */
  close(): void;
}

/** An in-memory queue; producers that await `push` keep it at about `capacity` values. */
export function createChannel<T>(capacity = 64): Channel<T> {
  let values: T[] = [];
  let closed = false;
  let wakeConsumer: (() => void) | undefined;
  let wakeProducers: (() => void)[] = [];

  const wake = (): void => {
    wakeConsumer?.();
    wakeConsumer = undefined;
  };
  return {
    push(value) {
      if (closed) return Promise.resolve();
      values.push(value);
      wake();
      if (values.length < capacity) return Promise.resolve();
      return new Promise((resolve) => wakeProducers.push(resolve));
    },
    close() {
      closed = true;
      wake();
      for (const resolve of wakeProducers.splice(0)) resolve();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (values.length > 0) {
          const batch = values;
          values = [];
          yield* batch;
          const waiting = wakeProducers;
          wakeProducers = [];
          for (const resolve of waiting) resolve();
        }
        if (closed) return;
        await new Promise<void>((resolve) => (wakeConsumer = resolve));
      }
    },
  };
}

interface Closing {
  /** `close` was emitted. */
  readonly closed: boolean;
  once(name: "close", listener: () => void): unknown;
}

/** Ties what belongs to a connection to its end, however it comes. */
export function disposeOnClose(stream: Closing, ...resources: readonly Disposable[]): void {
  const dispose = (): void => {
    for (const resource of resources) resource[Symbol.dispose]();
  };
  if (stream.closed) dispose();
  else stream.once("close", dispose);
}

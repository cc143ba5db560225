/** Something that happens unless what it waits for comes first. Disposing calls it off. */
export interface Deadline extends Disposable {
  /** Counts anew, from now. */
  set(ms: number): void;
  clear(): void;
}

export function createDeadline(onExpired: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => clearTimeout(timer);
  return {
    set(ms) {
      clear();
      timer = setTimeout(onExpired, ms);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

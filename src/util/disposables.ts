/** Several opened things with one end: the last one opened goes first. Node 22 has no AsyncDisposableStack. */
export interface Disposables extends AsyncDisposable {
  /** Takes a thing over and hands it on. */
  use<T extends Disposable | AsyncDisposable>(opened: T): T;
  /** The same things under a new owner; nothing is left here. */
  move(): Disposables;
}

export function openDisposables(taken: readonly (Disposable | AsyncDisposable)[] = []): Disposables {
  let things = [...taken];
  return {
    use(opened) {
      things.push(opened);
      return opened;
    },
    move() {
      const moved = openDisposables(things);
      things = [];
      return moved;
    },
    async [Symbol.asyncDispose]() {
      const errors: unknown[] = [];
      // Emptied first: whoever disposes twice finds nothing.
      for (const thing of things.splice(0).reverse())
        await dispose(thing).catch((error: unknown) => errors.push(error));
      if (errors.length > 0) throw errors[0];
    },
  };
}

async function dispose(thing: Disposable | AsyncDisposable): Promise<void> {
  if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
  else thing[Symbol.dispose]();
}

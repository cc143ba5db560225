import type { NewEvent } from "../../store/tasks/task-store.ts";

/** Brings the events of an attempt into the store, in order and gathered: while one batch is written the next one waits. */
export interface EventWriter {
  /** Resolves when there is room for more: whoever awaits it is slowed down to the store's speed. Never rejects. */
  push(event: NewEvent): Promise<void>;
  /** Resolves when all that was pushed is stored, or never will be. */
  flush(): Promise<void>;
}

export interface EventWriterOptions {
  /** Stores a batch, whatever it takes; false: the attempt is over, and nothing more is wanted. Never rejects. */
  readonly append: (events: readonly NewEvent[]) => Promise<boolean>;
  /** The events that may wait; an event has at most 256 KiB. */
  readonly capacity: number;
}

export function createEventWriter({ append, capacity }: EventWriterOptions): EventWriter {
  let waiting: NewEvent[] = [];
  let isOver = false;
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    while (waiting.length > 0 && !isOver) {
      const batch = waiting;
      waiting = [];
      isOver = !(await append(batch));
    }
    writing = null;
  };
  const begin = (): Promise<void> => {
    writing ??= write();
    return writing;
  };
  const flush = async (): Promise<void> => {
    await writing;
    if (isOver || waiting.length === 0) return;
    await begin();
    await flush();
  };
  return {
    async push(event) {
      if (isOver) return;
      waiting.push(event);
      const written = begin();
      if (waiting.length >= capacity) await written;
    },
    flush,
  };
}

/** Work of the same name goes on beside at most `width - 1` others; whoever comes later waits, in order. */
export interface Turns {
  /** Answers what is to be called when the work is done, once. */
  take(name: string): Promise<() => void>;
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
}

export function createTurns(width: number): Turns {
  const lanes = new Map<string, Lane>();
  const leave = (name: string, lane: Lane): void => {
    const next = lane.waiting.shift();
    if (next !== undefined) return next();
    lane.running -= 1;
    if (lane.running === 0) lanes.delete(name);
  };
  const take: Turns["take"] = async (name) => {
    const lane = lanes.get(name) ?? { running: 0, waiting: [] };
    lanes.set(name, lane);
    if (lane.running < width) lane.running += 1;
    // Whoever leaves hands over the place.
    else await new Promise<void>((resolve) => lane.waiting.push(resolve));
    return () => leave(name, lane);
  };
  return {
    take,
    async run(name, work) {
      const over = await take(name);
      try {
        return await work();
      } finally {
        over();
      }
    },
  };
}

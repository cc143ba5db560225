export interface Contest {
  readonly runs: number;
  /** Not counted: files in the page cache, code compiled. */
  readonly warmUps: number;
  /** Each gives one figure of one run. */
  readonly ours: () => number | Promise<number>;
  readonly floor: () => number | Promise<number>;
}

/** Measures both in turn, A B A B, so that whatever else the machine does meets both alike. */
export async function alternate({ runs, warmUps, ours, floor }: Contest): Promise<{ ours: number[]; floor: number[] }> {
  const result: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
  for (let run = -warmUps; run < runs; run += 1) {
    const own = await ours();
    const lowest = await floor();
    if (run < 0) continue;
    result.ours.push(own);
    result.floor.push(lowest);
  }
  return result;
}

/** Milliseconds. */
export async function time(action: () => unknown): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

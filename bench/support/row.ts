/** One line of the table. All figures are medians; a goal is what `ratio` (without a floor: `ours`) may reach at most. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  /** null where the goal is absolute, or where there is nothing to compare with. */
  readonly floor: number | null;
  readonly unit: string;
  readonly ratio: number | null;
  /** null for a row that only informs. */
  readonly goal: number | null;
  readonly runs: number;
}

export interface Bench {
  /** The rows it gives; `--only` takes any of them. */
  readonly rows: readonly string[];
  /** Without `runs` it chooses itself. Throws where something cannot be measured. */
  measure(options: BenchOptions): Promise<readonly Row[]>;
}

export interface BenchOptions {
  readonly runs: number | undefined;
  /** Progress, for stderr. */
  readonly log: (text: string) => void;
}

export interface Figures {
  readonly unit: string;
  readonly goal: number | null;
  readonly ours: readonly number[];
  /** Left out where the goal is absolute. */
  readonly floor?: readonly number[];
}

export function buildRow(name: string, { unit, goal, ours, floor }: Figures): Row {
  const own = median(ours);
  const lowest = floor === undefined ? null : median(floor);
  return {
    name,
    ours: round(own),
    floor: lowest === null ? null : round(lowest),
    unit,
    ratio: lowest === null ? null : round(own / lowest),
    goal,
    runs: ours.length,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error("a median of nothing");
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** Three decimals: more would only be noise. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

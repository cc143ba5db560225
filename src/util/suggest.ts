/**
 * The known name that `given` was most likely meant to be; undefined where none is close. Case, `-` and `_` do not
 * count; at most a third of the characters may differ (a swap of two neighbours counts once), or it is the beginning
 * of exactly one name.
 */
export function suggest(given: string, known: Iterable<string>): string | undefined {
  const plain = toPlain(given);
  if (plain.length > 100) return undefined;
  const names = new Set(known);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of names) {
    const other = toPlain(candidate);
    const distance = measureDistance(plain, other);
    if (distance < bestDistance && distance <= Math.max(plain.length, other.length) / 3) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== undefined || plain.length < 2) return best;
  const longer = [...names].filter((name) => toPlain(name).startsWith(plain));
  return longer.length === 1 ? longer[0] : undefined;
}

/** ` Did you mean X?`, ready to follow a sentence, or nothing. */
export function formatSuggestion(given: string, known: Iterable<string>): string {
  const match = suggest(given, known);
  return match === undefined ? "" : ` Did you mean ${match}?`;
}

function toPlain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, kept in three rows. */
function measureDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const changed = left[row - 1] === right[column - 1] ? 0 : 1;
      let distance = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + changed);
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

/** The known name that `given` was most likely meant to be; undefined where none is close. */
export function suggest(given: string, known: Iterable<string>): string | undefined {
  return suggestAll(given, known)[0];
}

/**
 * At most three known names that `given` may have been meant for, the nearest first. Case, `-` and `_` do not count; at
 * most a third of the characters may differ (a swap of two neighbours counts once), or it is the beginning of exactly
 * one name.
 */
export function suggestAll(given: string, known: Iterable<string>): readonly string[] {
  const plain = toPlain(given);
  if (plain.length > 100) return [];
  const names = [...new Set(known)];
  const near = names
    .map((name) => ({ name, distance: measureNear(plain, toPlain(name)) }))
    .filter(({ distance }) => distance < Infinity)
    .sort((one, other) => one.distance - other.distance)
    .map(({ name }) => name);
  if (near.length > 0 || plain.length < 2) return near.slice(0, 3);
  const longer = names.filter((name) => toPlain(name).startsWith(plain));
  return longer.length === 1 ? longer : [];
}

/** Infinity for what is too far away; names of very different lengths, of thousands of refs, are not measured at all. */
function measureNear(plain: string, other: string): number {
  const limit = Math.max(plain.length, other.length) / 3;
  if (Math.abs(plain.length - other.length) > limit) return Infinity;
  const distance = measureDistance(plain, other);
  return distance <= limit ? distance : Infinity;
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
      let distance = Math.min(
        readCell(last, column) + 1,
        readCell(current, column - 1) + 1,
        readCell(last, column - 1) + changed,
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        distance = Math.min(distance, readCell(beforeLast, column - 2) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return readCell(last, right.length);
}

function readCell(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

/** Cuts bytes into pieces of 1 to 40 bytes, some of them empty; the same seed gives the same pieces. */
export function cutAtRandom(bytes: Uint8Array, seed: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let state = seed;
  for (let from = 0; from < bytes.length;) {
    // A linear congruential generator (Numerical Recipes): nothing here has to be unpredictable.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const size = (state >>> 16) % 41;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}

const exponents = new Map([
  ["", 0],
  ["k", 1],
  ["m", 2],
  ["g", 3],
  ["t", 4],
]);

/** `4g`, `512m`, `1.5GiB`, `1048576` -> bytes (1k = 1024, as Docker counts); undefined where the text is no size above zero. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,15})?)([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  const exponent = exponents.get(match?.[2]?.toLowerCase() ?? "");
  if (match === null || exponent === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * 1024 ** exponent);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes -> `4g`, `512m`, `1536k`, `1000`: the largest unit that is exact, so that `parseSize` reads the same value. */
export function formatSize(bytes: number): string {
  for (const unit of ["t", "g", "m", "k"]) {
    const size = 1024 ** (exponents.get(unit) ?? 0);
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

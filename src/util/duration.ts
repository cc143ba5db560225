const unitMs = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const whole = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/;
const part = /(\d+(?:\.\d+)?)(ms|[smhd])/g;

/** `30m`, `90s`, `1h30m`, `500ms`, `1.5h` -> milliseconds; undefined where the text is no duration above zero. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim();
  if (compact.length > 64 || !whole.test(compact)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of compact.matchAll(part)) totalMs += Number(amount) * (unitMs.get(unit ?? "") ?? 0);
  const rounded = Math.round(totalMs);
  return rounded > 0 && Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** Milliseconds -> `1h30m`, `90s` as `1m30s`, `500ms`; `parseDuration` reads it back to the same value. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  if (rest === 0) return "0ms";
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = unitMs.get(unit) ?? 1;
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}

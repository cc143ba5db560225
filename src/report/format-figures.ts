/** 950, 12.3k, 180k, 1.2M. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_500) return `${toThreeDigits(count / 1000)}k`;
  return `${toThreeDigits(count / 1_000_000)}M`;
}

/** $0.0421, $1.23; `unknown` where nobody stated it. */
export function formatCost(costUsd: number | null): string {
  if (costUsd === null) return "unknown";
  if (costUsd > 0 && costUsd < 0.0001) return "< $0.0001";
  return `$${costUsd.toFixed(costUsd > 0 && costUsd < 1 ? 4 : 2)}`;
}

/** 0.4s, 42s, 1m 12s, 2h 5m: as exact as a reader wants it. */
export function formatElapsed(elapsedMs: number): string {
  if (elapsedMs < 9950) return `${(elapsedMs / 1000).toFixed(1)}s`;
  const seconds = Math.round(elapsedMs / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** `1 commit`, `2 commits`, `1,234 files`. */
export function formatQuantity(count: number, noun: string): string {
  return `${groupDigits(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** 950, 1,234, 1,234,567. By hand: the first number that Intl formats in a process takes it 12 ms. */
export function groupDigits(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function toThreeDigits(value: number): string {
  return value < 99.95 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0);
}

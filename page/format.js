const counts = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en");
const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const times = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** @param {number} value */
export function formatCount(value) {
  return value < 10_000 ? exact.format(value) : counts.format(value);
}

/** @param {number} value @param {string} word */
export function countWords(value, word) {
  return `${formatCount(value)} ${word}${value === 1 ? "" : "s"}`;
}

/** @param {number | null} dollars Null: nobody stated it. */
export function formatCost(dollars) {
  if (dollars === null) return "not stated";
  return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** @param {string} timestamp */
export function formatDate(timestamp) {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? "" : dates.format(date);
}

/** @param {string} timestamp */
export function formatTime(timestamp) {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? "" : times.format(date);
}

/**
 * @param {string} timestamp
 * @param {number} now
 */
export function formatAge(timestamp, now) {
  const seconds = Math.round((new Date(timestamp).getTime() - now) / 1_000);
  if (Number.isNaN(seconds)) return "";
  if (seconds > -60) return "just now";
  if (seconds > -3_600) return relative.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3_600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

/** @param {number} ms */
export function formatDuration(ms) {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** @param {string} id A commit's id. */
export function shortenId(id) {
  return /^[0-9a-f]{40,64}$/.test(id) ? id.slice(0, 10) : id;
}

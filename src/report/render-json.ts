import type { RunReport } from "../core/run-report.ts";

/** One RunReport and nothing else. */
export function renderJson(report: RunReport): string {
  return `${escapeForTerminal(JSON.stringify(report, null, 2))}\n`;
}

/** The last line of `--output ndjson`. */
export function renderReportLine(report: RunReport): string {
  return `${escapeForTerminal(JSON.stringify({ type: "report", report }))}\n`;
}

/** JSON leaves C1, DEL, format characters and line separators as they are; a terminal that shows JSON obeys them. */
export function escapeForTerminal(json: string): string {
  // In JSON text they can stand inside strings only, where an escape means the same.
  return json.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => toEscape(character.charCodeAt(index))).join(""),
  );
}

function toEscape(unit: number): string {
  return String.raw`\u${unit.toString(16).padStart(4, "0")}`;
}

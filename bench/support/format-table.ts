import type { Row } from "./row.ts";

const titles = ["name", "ours", "floor", "unit", "ratio", "goal", "runs"] as const;

/** A Markdown table that reads well in a terminal, too. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => titles.map((title) => formatCell(title, row)));
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => (line[column] ?? "").length)),
  );
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => pad(cell, widths[column] ?? 0, titles[column])).join(" | ")} |\n`;
  const rule = titles.map((_, column) => "-".repeat(widths[column] ?? 0));
  return [titles, rule, ...cells].map(format).join("");
}

function isText(title: string | undefined): boolean {
  return title === "name" || title === "unit" || title === "goal";
}

function pad(cell: string, width: number, title: string | undefined): string {
  return isText(title) ? cell.padEnd(width) : cell.padStart(width);
}

function formatCell(title: (typeof titles)[number], row: Row): string {
  if (title === "goal") return formatGoal(row);
  const value = row[title];
  if (value === null) return "";
  if (typeof value === "string") return value;
  return title === "runs" ? String(value) : formatNumber(value);
}

/** Whether the goal is met is for the reader: a busy machine is no fault of the program. */
function formatGoal({ goal, ratio, ours }: Row): string {
  if (goal === null) return "";
  return `<= ${goal} ${(ratio ?? ours) <= goal ? "met" : "missed"}`;
}

function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

import type { DiffStat, FileStat } from "../core/diff-stat.ts";
import { toPrintable } from "../util/printable.ts";
import { cutMiddle, measureText } from "../util/text-width.ts";
import type { Palette } from "./palette.ts";
import { groupDigits } from "./format-figures.ts";

const maxShown = 8;
const signs = {
  added: { letter: "A", colour: "green" },
  modified: { letter: "M", colour: "yellow" },
  deleted: { letter: "D", colour: "red" },
  renamed: { letter: "R", colour: "cyan" },
  copied: { letter: "C", colour: "cyan" },
  typechange: { letter: "T", colour: "yellow" },
} as const;

/** The first changed files, as `git diff --stat` shows them, and how many more there are; at most `width` columns. */
export function renderFiles(stats: DiffStat, width: number, palette: Palette): string[] {
  // One more takes no more room than a line that says so.
  const shown = stats.files.slice(0, stats.filesChanged === maxShown + 1 ? maxShown + 1 : maxShown);
  const counts = shown.map(formatChanges);
  const countWidth = Math.max(0, ...counts.map((count) => count.length));
  const barWidth = width >= 60 ? 12 : 6;
  const nameWidth = Math.max(5, width - 2 - 2 - countWidth - 1 - barWidth);
  const names = shown.map((file) => cutMiddle(formatName(file, nameWidth), nameWidth));
  const used = Math.max(0, ...names.map(measureText));
  const largest = Math.max(0, ...shown.map((file) => (file.insertions ?? 0) + (file.deletions ?? 0)));
  const lines = shown.map((file, index) => {
    const name = names[index] ?? "";
    const padding = " ".repeat(used - measureText(name) + 2);
    const bar = renderBar(file, { width: barWidth, largest }, palette);
    const { letter, colour } = signs[file.status];
    const line = `${palette[colour](letter)} ${name}${padding}${(counts[index] ?? "").padStart(countWidth)}`;
    return bar === "" ? line : `${line} ${bar}`;
  });
  const more = stats.filesChanged - shown.length;
  return more > 0 ? [...lines, palette.dim(`… and ${groupDigits(more)} more`)] : lines;
}

function formatName(file: FileStat, width: number): string {
  const name = toPrintable(file.path);
  if (file.from === undefined) return name;
  const both = `${toPrintable(file.from)} → ${name}`;
  return measureText(both) <= width ? both : name;
}

function formatChanges(file: FileStat): string {
  return file.binary ? "bin" : String((file.insertions ?? 0) + (file.deletions ?? 0));
}

function renderBar(file: FileStat, scale: { width: number; largest: number }, palette: Palette): string {
  // As git does: whatever changed at all has a sign.
  const toSigns = (lines: number): number => {
    if (scale.largest <= scale.width || lines === 0) return lines;
    return 1 + Math.floor((lines * (scale.width - 2)) / scale.largest);
  };
  const added = "+".repeat(toSigns(file.insertions ?? 0));
  const removed = "-".repeat(toSigns(file.deletions ?? 0));
  return (added && palette.green(added)) + (removed && palette.red(removed));
}

import { buildKeptRef } from "../core/kept-ref.ts";
import type { Outcome } from "../core/outcome.ts";
import type { RunReport } from "../core/run-report.ts";
import { toPrintable, toPrintableLines } from "../util/printable.ts";
import { cutEnd, measureText, wrapText } from "../util/text-width.ts";
import { formatCost, formatCount, formatElapsed, formatQuantity, groupDigits } from "./format-figures.ts";
import { plainPalette } from "./palette.ts";
import type { Palette, Style } from "./palette.ts";
import { renderFiles } from "./text-files.ts";
import { buildNextCommands } from "./text-next.ts";

export interface TextOptions {
  /** Columns; 80 where nobody says. */
  readonly width?: number | undefined;
  readonly palette?: Palette;
  /** Where the user stands: commands name the repository when they would not find it from here. */
  readonly workingDirectory?: string | undefined;
  /** What the reader must know of the circumstances, e.g. that the model was scripted. */
  readonly notes?: readonly string[];
}

const headlines: Record<Outcome, { mark: string; words: string; colour: "green" | "yellow" | "red" | "cyan" }> = {
  succeeded: { mark: "✓", words: "Succeeded", colour: "green" },
  no_changes: { mark: "○", words: "No changes", colour: "cyan" },
  failed: { mark: "✗", words: "Failed", colour: "red" },
  limited: { mark: "!", words: "Limit reached", colour: "yellow" },
  unavailable: { mark: "✗", words: "Unavailable", colour: "red" },
  unpublished: { mark: "!", words: "Not published", colour: "yellow" },
  timed_out: { mark: "✗", words: "Timed out", colour: "red" },
  cancelled: { mark: "○", words: "Cancelled", colour: "yellow" },
};

const labelWidth = 11;
const maxWarnings = 10;

/** The summary: the same shape for every ending, read in five seconds. Ends with a newline. */
export function renderText(report: RunReport, options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette;
  const layout = { width: Math.min(Math.max(options.width ?? 80, 30), 100), palette };
  const rows = [
    ...renderReason(report, layout),
    ...(options.notes ?? []).flatMap((note) => renderRow("Note", { text: note, style: palette.magenta }, layout)),
    ...renderParts("Branch", buildBranchParts(report), layout),
    ...renderChanges(report, layout),
    ...renderParts("Agent", buildAgentParts(report), layout),
    ...renderParts("Tokens", buildTokenParts(report), layout),
    ...renderParts("Cost", buildCostParts(report), layout),
    ...renderGates(report, layout),
    ...renderParts("Time", buildTimeParts(report), layout),
    ...renderParts("Run", [report.runId], layout),
    ...renderWarnings(report, layout),
  ];
  const next = buildNextCommands(report, options.workingDirectory).map((command) => `  ${palette.bold(command)}`);
  return `${[renderHeadline(report, layout), "", ...rows, "", ...next].join("\n")}\n`;
}

interface Layout {
  readonly width: number;
  readonly palette: Palette;
}

function renderHeadline(report: RunReport, { width, palette }: Layout): string {
  const { mark, words, colour } = headlines[report.outcome];
  const title = cutEnd(toPrintable(report.task.title), width - measureText(`${mark} ${words}  `));
  return `${palette.bold(palette[colour](`${mark} ${words}`))}  ${palette.bold(title)}`;
}

function renderReason({ outcome, reason }: RunReport, layout: Layout): string[] {
  if (reason === null) return [];
  const style = layout.palette[headlines[outcome].colour];
  const what = renderRow("Reason", { text: withCode(reason), style }, layout);
  return reason.hint === null ? what : [...what, ...renderRow("", { text: reason.hint }, layout)];
}

function buildBranchParts({ branch, outcome, stats, runId, repository }: RunReport): string[] {
  const commits = `${formatQuantity(stats.commits, "commit")} on ${formatBase(repository.base)}`;
  // Commits without a branch: they could not be published.
  if (branch === null && stats.commits > 0) return [`kept at ${buildKeptRef(runId)}`, commits];
  if (branch === null) return [outcome === "no_changes" ? "none, since nothing was changed" : "none"];
  const head = `${branch.name} at ${branch.head.slice(0, 7)}`;
  return outcome === "succeeded" ? [head, commits] : [head, commits, "partial work"];
}

function formatBase({ ref, sha }: RunReport["repository"]["base"]): string {
  return ref === null || ref === "HEAD" ? sha.slice(0, 7) : ref.replace(/^refs\/(?:heads|tags)\//, "");
}

function renderChanges({ stats }: RunReport, layout: Layout): string[] {
  if (stats.filesChanged === 0) return [];
  const { palette } = layout;
  const totals = `${palette.green(`+${groupDigits(stats.insertions)}`)} ${palette.red(`-${groupDigits(stats.deletions)}`)}`;
  const head = `${formatLabel("Changes", palette)}${formatQuantity(stats.filesChanged, "file")}  ${totals}`;
  const indent = " ".repeat(labelWidth);
  return [head, ...renderFiles(stats, layout.width - labelWidth, palette).map((line) => indent + line)];
}

function buildAgentParts(report: RunReport): string[] {
  const { agent, executionMode, usage, attempts } = report;
  const parts = [agent.version === null ? agent.name : `${agent.name} ${agent.version}`];
  if (agent.model !== null) parts.push(agent.model);
  if (executionMode === "server") parts.push("on a server");
  if (attempts > 1) parts.push(formatQuantity(attempts, "attempt"));
  return [...parts, wasAgentStarted(report) ? formatQuantity(usage.turns, "turn") : "not started"];
}

/** What was never started has used nothing: a row of zeros or `unknown` would say less. */
function wasAgentStarted({ timings, usage }: RunReport): boolean {
  return timings.agentMs > 0 || usage.turns > 0 || usage.outputTokens > 0;
}

function buildTokenParts(report: RunReport): string[] {
  if (!wasAgentStarted(report)) return [];
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = report.usage;
  const parts = [`${formatCount(inputTokens)} in`, `${formatCount(outputTokens)} out`];
  if (cacheReadTokens > 0) parts.push(`${formatCount(cacheReadTokens)} from cache`);
  if (cacheWriteTokens > 0) parts.push(`${formatCount(cacheWriteTokens)} to cache`);
  return parts;
}

function buildCostParts(report: RunReport): string[] {
  return wasAgentStarted(report) ? [formatCost(report.usage.costUsd)] : [];
}

function buildTimeParts({ timings }: RunReport): string[] {
  const phases = [
    ["prepare", timings.prepareMs],
    ["image", timings.imageMs],
    ["start", timings.startMs],
    ["agent", timings.agentMs],
    ["import", timings.importMs],
  ] as const;
  // Below 50 ms it would read 0.0s.
  const known = phases.filter(([, phaseMs]) => phaseMs >= 50);
  const [first, ...others] = known.map(([name, phaseMs]) => `${name} ${formatElapsed(phaseMs)}`);
  const total = formatElapsed(timings.totalMs);
  return first === undefined ? [total] : [`${total}: ${first}`, ...others];
}

function renderGates({ gates }: RunReport, layout: Layout): string[] {
  return gates.flatMap((gate) => {
    const detail = gate.detail === "" ? "" : `: ${gate.detail}`;
    return renderRow("Gate", { text: `${gate.name} ${gate.status}${detail}` }, layout);
  });
}

function renderWarnings({ warnings }: RunReport, layout: Layout): string[] {
  const style = layout.palette.yellow;
  const shown = warnings.slice(0, maxWarnings);
  const rows = shown.flatMap((warning) => renderRow("Warning", { text: withCode(warning), style }, layout));
  const more = warnings.length - shown.length;
  return more > 0 ? [...rows, ...renderRow("", { text: `… and ${more} more warnings` }, layout)] : rows;
}

function withCode({ message, code }: { readonly message: string; readonly code: string }): string {
  return `${message.replace(/\.$/, "")} (${code})`;
}

/** Prose: broken at words. */
function renderRow(
  label: string,
  { text, style }: { text: string; style?: Style },
  { width, palette }: Layout,
): string[] {
  const lines = toPrintableLines(text)
    .split("\n")
    .flatMap((line) => wrapText(line, width - labelWidth));
  return lines.map((line, index) => formatLabel(index === 0 ? label : "", palette) + (style?.(line) ?? line));
}

/** Facts: joined by commas and broken only between them, unless one alone is too long. */
function renderParts(label: string, parts: readonly string[], layout: Layout): string[] {
  const room = layout.width - labelWidth;
  const lines: string[] = [];
  for (const [index, part] of parts.entries()) {
    const text = toPrintable(part) + (index < parts.length - 1 ? "," : "");
    const longer = `${lines.at(-1) ?? ""} ${text}`.trimStart();
    if (lines.length > 0 && measureText(longer) <= room) lines.splice(-1, 1, longer);
    else lines.push(...wrapText(text, room));
  }
  return lines.map((line, index) => formatLabel(index === 0 ? label : "", layout.palette) + line);
}

function formatLabel(label: string, palette: Palette): string {
  const padding = " ".repeat(labelWidth - 2 - label.length);
  return label === "" ? `  ${padding}` : `  ${palette.dim(label)}${padding}`;
}

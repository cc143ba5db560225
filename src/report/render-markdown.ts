import type { FileStat } from "../core/diff-stat.ts";
import type { RunReport } from "../core/run-report.ts";
import { toPrintable, toPrintableLines } from "../util/printable.ts";
import { formatCost, formatCount, formatElapsed, formatQuantity } from "./format-figures.ts";
import { buildNextCommands } from "./text-next.ts";

const maxFiles = 100;

/** The report for a pull request, an issue or a CI summary. Nothing from outside can act as markup or HTML. */
export function renderMarkdown(report: RunReport): string {
  const sections = [
    `## ${toHeadline(report)}`,
    ...renderReason(report),
    renderFacts(report),
    ...renderFiles(report),
    ...report.warnings.map(({ code, message }) => `> **Warning** ${toText(message)} (${toCode(code)})`),
    renderDetails("Task", toBlock(report.task.prompt)),
    toBlock(buildNextCommands(report, undefined).join("\n")),
  ];
  return `${sections.join("\n\n")}\n`;
}

function toHeadline({ outcome, task }: RunReport): string {
  const words = outcome.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}: ${toText(task.title)}`;
}

function renderReason({ reason }: RunReport): string[] {
  if (reason === null) return [];
  const what = `> **${toText(reason.message)}** (${toCode(reason.code)})`;
  return [reason.hint === null ? what : `${what}\n>\n> ${toText(reason.hint)}`];
}

function renderFacts(report: RunReport): string {
  const { agent, usage, stats, branch, repository } = report;
  const base = repository.base.sha.slice(0, 10);
  const rows = [
    ["Branch", branch === null ? "none" : `${toCode(branch.name)} at ${toCode(branch.head.slice(0, 10))}`],
    ["Base", repository.base.ref === null ? toCode(base) : `${toCode(repository.base.ref)} at ${toCode(base)}`],
    ["Commits", String(stats.commits)],
    ["Changes", `${formatQuantity(stats.filesChanged, "file")}, +${stats.insertions} -${stats.deletions}`],
    [
      "Agent",
      [agent.name, agent.version, agent.model]
        .filter((part) => part !== null)
        .map(toText)
        .join(" "),
    ],
    ["Turns", String(usage.turns)],
    ["Tokens", renderTokens(report)],
    ["Cost", formatCost(usage.costUsd)],
    ["Time", formatElapsed(report.timings.totalMs)],
    ...report.gates.map((gate) => [`Gate ${toText(gate.name)}`, toText(`${gate.status} ${gate.detail}`)]),
    ["Run", toCode(report.runId)],
  ];
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}

function renderTokens({ usage }: RunReport): string {
  const cached = `${formatCount(usage.cacheReadTokens)} from cache, ${formatCount(usage.cacheWriteTokens)} to cache`;
  return `${formatCount(usage.inputTokens)} in, ${formatCount(usage.outputTokens)} out, ${cached}`;
}

function renderFiles({ stats }: RunReport): string[] {
  if (stats.filesChanged === 0) return [];
  const rows = stats.files.slice(0, maxFiles).map(renderFile);
  const more = stats.filesChanged - rows.length;
  if (more > 0) rows.push(`| | … and ${more} more | | |`);
  return [renderDetails("Files", ["| | file | + | - |", "|---|---|--:|--:|", ...rows].join("\n"))];
}

function renderFile({ path, from, status, insertions, deletions }: FileStat): string {
  const name = from === undefined ? toCode(path) : `${toCode(from)} → ${toCode(path)}`;
  return `| ${status} | ${name} | ${insertions ?? "binary"} | ${deletions ?? "binary"} |`;
}

function renderDetails(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** Prose on one line, with everything escaped that markup could be made of. */
function toText(text: string): string {
  return toPrintable(text).replace(/[\\`*_{}[\]<>#|~&@$]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A code span within a table: the fence is longer than any inside, pipes do not end the cell. */
function toCode(text: string): string {
  const printable = toPrintable(text).replaceAll("|", String.raw`\|`);
  const fence = "`".repeat(longestRun(printable) + 1);
  const padding = /^[` ]|[` ]$/.test(printable) ? " " : "";
  return `${fence}${padding}${printable}${padding}${fence}`;
}

function toBlock(text: string): string {
  const printable = toPrintableLines(text);
  const fence = "`".repeat(Math.max(3, longestRun(printable) + 1));
  return `${fence}text\n${printable}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}

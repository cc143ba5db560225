import { describe, expect, it } from "vitest";
import type { FileStat } from "../../src/core/diff-stat.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { renderJson, renderReportLine } from "../../src/report/render-json.ts";
import { renderMarkdown } from "../../src/report/render-markdown.ts";
import { renderText } from "../../src/report/render-text.ts";
import { measureText } from "../../src/util/text-width.ts";
import { sampleFacts } from "./samples.ts";

// Escape sequences, a CSI in one byte, carriage return, line breaks, reordering, zero width, a lone surrogate, tags.
const hostile = "\u001B]0;title\u0007\u001B[2J\u009B31mred\rover\nline\u2028\u202Egnp.exe\u200B\ud800\u{E0041}\u007F";
const file: FileStat = { path: hostile, status: "renamed", from: hostile, insertions: 1, deletions: 2, binary: false };

const built = buildReport({
  ...sampleFacts,
  outcome: "failed",
  task: { ...sampleFacts.task, title: hostile, prompt: Buffer.from(`${hostile}\nsecond line`) },
  reason: { code: "AGENT_ERROR", message: hostile, hint: hostile },
  branch: { name: hostile, head: hostile },
  repository: { path: hostile, base: { ref: hostile, sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d" } },
  stats: { commits: 1, filesChanged: 1, insertions: 1, deletions: 2, files: [file], truncated: false },
  warnings: [{ code: hostile, message: hostile }],
});
const report: RunReport = {
  ...built,
  gates: [{ name: hostile, status: hostile, detail: hostile, durationMs: 1 }],
};
function named(name: string): string {
  return renderText({ ...report, outcome: "succeeded", branch: { name, head: "abc" } });
}

const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe("what came from outside", () => {
  it("cannot drive the terminal through the summary", () => {
    const text = renderText(report, { notes: [hostile], workingDirectory: "/elsewhere" });
    expect(text).not.toMatch(unprintable);
    expect(text).toContain(String.raw`\x1b[2J\x9b31mred\rover\nline\u2028\u202egnp.exe`);
  });

  it("cannot drive the terminal through JSON, and is still exact in it", () => {
    for (const json of [renderJson(report), renderReportLine(report)]) expect(json).not.toMatch(unprintable);
    expect(JSON.parse(renderJson(report))).toEqual(JSON.parse(JSON.stringify(report)));
    expect(JSON.parse(renderReportLine(report))).toEqual({
      type: "report",
      report: JSON.parse(JSON.stringify(report)),
    });
    expect(renderReportLine(report).split("\n")).toHaveLength(2);
  });

  it("cannot drive the terminal through Markdown", () => {
    expect(renderMarkdown(report)).not.toMatch(unprintable);
  });

  it("cannot become markup, HTML, a link or a cell of Markdown", () => {
    const markup = "</details><script>x</script> [a](http://x) | ![b](y) *c* `d` ```e``` # f";
    const marked = renderMarkdown({
      ...report,
      task: { prompt: `${markup}\n\`\`\`\`\n# not a heading`, title: markup },
      reason: { code: markup, message: markup, hint: markup },
      branch: { name: "a`b|c", head: "abc" },
      stats: { ...report.stats, files: [{ ...file, path: "a|`b``", from: "c" }] },
      warnings: [{ code: "X", message: markup }],
    });
    const outsideOfCode = marked.replace(/(`{5,})text\n[^]*?\n\1/g, "").replace(/(`+)[^`][^]*?\1(?!`)/g, "");
    expect(outsideOfCode).not.toMatch(/<script|\]\(|\*c\*|```/);
    expect(marked).toContain("``a`b\\|c``");
    expect(marked).toContain("`````text");
  });

  it("is quoted where it stands in a command", () => {
    expect(named("agent/a;rm -rf $HOME")).toContain("git switch 'agent/a;rm -rf $HOME'\n");
    expect(named("it's")).toContain(String.raw`git switch 'it'\''s'`);
    expect(named("a\u202Eb'c\\")).toContain(String.raw`git switch $'a\u202eb\'c\\'`);
  });
});

describe("the summary's width", () => {
  const long = "長い名前/".repeat(30);
  const wide: RunReport = {
    ...report,
    task: { prompt: "", title: long },
    reason: { code: "X", message: `${long} ${"word ".repeat(60)}`, hint: long },
    branch: { name: long, head: "abc" },
    stats: { ...report.stats, files: [{ ...file, path: `${long}.ts`, from: "old" }] },
    warnings: [{ code: "X", message: long }],
  };

  it.each([30, 40, 80, 100])("holds everything but commands within %d columns", (width) => {
    const lines = renderText(wide, { width }).split("\n\n").slice(0, 2).join("\n").split("\n");
    expect(lines.filter((line) => measureText(line) > width)).toEqual([]);
  });

  it("cuts the title at its end and a file's name in its middle", () => {
    const text = renderText({ ...wide, task: { prompt: "", title: "word ".repeat(40) } });
    expect(text).toMatch(/^✗ Failed {2}word .*…\n/);
    expect(text).toMatch(/長い名….*長い名前\/\.ts/);
  });
});

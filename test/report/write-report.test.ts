import { mkdtempDisposableSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { buildReport } from "../../src/report/build-report.ts";
import { renderJson } from "../../src/report/render-json.ts";
import { findReportFormat, writeReport } from "../../src/report/write-report.ts";
import { sampleFacts } from "./samples.ts";

const report = buildReport(sampleFacts);
const temporary = () => mkdtempDisposableSync(path.join(tmpdir(), "agent-worker-test-"));

it("knows the format of a report's file by its name", () => {
  expect(["a.json", "b/c.MD", "x.txt", "json", ".json", ""].map(findReportFormat)).toEqual([
    ".json",
    ".md",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it("writes both formats where they are wanted, for all to read, and nothing else", async () => {
  using directory = temporary();
  const [json = "", markdown = ""] = ["r.json", "r.md"].map((name) => path.join(directory.path, "new", name));
  expect(writeReport(json, report)).toBeNull();
  expect(writeReport(markdown, report)).toBeNull();
  expect(readFileSync(json, "utf8")).toBe(renderJson(report));
  expect(readFileSync(markdown, "utf8")).toMatch(/^## Succeeded: Upgrade eslint/);
  expect(statSync(json).mode & 0o777).toBe(0o666 & ~process.umask());
  expect(readdirSync(path.dirname(json))).toEqual(["r.json", "r.md"]);
});

it("turns a file that cannot be written into a warning", async () => {
  using directory = temporary();
  const file = path.join(directory.path, "file");
  writeFileSync(file, "");
  expect(writeReport(path.join(file, "r.json"), report)).toEqual({
    code: "REPORT_UNWRITTEN",
    message: expect.stringContaining("r.json"),
  });
});

import { expect, it } from "vitest";
import { buildReport } from "../../src/report/build-report.ts";
import type { RunFacts } from "../../src/report/build-report.ts";
import { renderText } from "../../src/report/render-text.ts";
import { sampleFacts } from "./samples.ts";

it("counts the whole time by the clock, and never less than nothing", () => {
  expect(buildReport(sampleFacts).timings).toMatchObject({ totalMs: 72_300, prepareMs: 61, agentMs: 70_300 });
  expect(buildReport({ ...sampleFacts, endedAt: new Date(0) }).timings.totalMs).toBe(0);
});

const readExitCode = (changes: Partial<RunFacts>): number => buildReport({ ...sampleFacts, ...changes }).exitCode;

it("gives the exit code of the outcome, and of the signal", () => {
  expect(readExitCode({})).toBe(0);
  expect(readExitCode({ outcome: "timed_out" })).toBe(124);
  expect(readExitCode({ outcome: "cancelled", cancelSignal: "SIGINT" })).toBe(130);
  expect(readExitCode({ outcome: "cancelled", cancelSignal: "SIGTERM" })).toBe(143);
});

it("decodes the prompt as UTF-8, keeps its byte order mark, and shows bytes that are none", () => {
  const prompt = Buffer.concat([Buffer.from("\ufeffa\r\n☃"), Buffer.from([0xff, 0xfe])]);
  const { task } = buildReport({ ...sampleFacts, task: { ...sampleFacts.task, prompt } });
  expect(task.prompt).toBe("\ufeffa\r\n☃\ufffd\ufffd");
});

it("shows ten thousand files in a few lines", () => {
  const files = Array.from(
    { length: 10_000 },
    (_, index) =>
      ({ path: `src/${index}.ts`, status: "added", insertions: index, deletions: 0, binary: false }) as const,
  );
  const text = renderText(
    buildReport({ ...sampleFacts, stats: { ...sampleFacts.stats, files, filesChanged: 12_345 } }),
  );
  expect(text).toContain("12,345 files");
  expect(text).toContain("… and 12,337 more");
  expect(text.split("\n").length).toBeLessThan(25);
});

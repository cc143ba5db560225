import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import { buildReportSchema } from "../../src/report/report-schema.ts";
import { samples } from "./samples.ts";

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(buildReportSchema());

describe("the published JSON Schema", () => {
  it.each(Object.entries(samples))("accepts a report that ended as %s, as zod does", (_, report) => {
    validate(JSON.parse(JSON.stringify(report)));
    expect(validate.errors).toBeNull();
    expect(runReportSchema.parse(report)).toEqual(report);
  });

  it("accepts fields that a later version added", () => {
    expect(validate({ ...samples.succeeded, later: true })).toBe(true);
  });

  const good = samples.succeeded;
  it.each([
    ["another schema", { ...good, schema: "agent-worker/report/2" }],
    ["an unknown outcome", { ...good, outcome: "great" }],
    ["a negative count", { ...good, attempts: -1 }],
    ["a cost in words", { ...good, usage: { ...good.usage, costUsd: "free" } }],
    ["a file without a status", { ...good, stats: { ...good.stats, files: [{ path: "a" }] } }],
    ["a missing field", { ...good, warnings: undefined }],
    ["nothing", null],
  ])("refuses %s", (_, report) => {
    const sent: unknown = JSON.parse(JSON.stringify(report));
    expect(validate(sent)).toBe(false);
    expect(runReportSchema.safeParse(sent).success).toBe(false);
  });
});

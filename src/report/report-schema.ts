import { z } from "zod";
import { runReportSchema } from "../core/run-report.ts";

/** The JSON Schema (draft 2020-12) of RunReport, published as `agent-worker/report.schema.json`. */
export function buildReportSchema(): Record<string, unknown> {
  // Fields may be added within a major version, so a reader's schema accepts what it does not know.
  const schema = z.toJSONSchema(runReportSchema, { target: "draft-2020-12", io: "input" });
  return { $id: "urn:agent-worker:report:1", title: "agent-worker run report", ...schema };
}

import type { z } from "@hono/zod-openapi";
import { runReportSchema } from "../../core/run-report.ts";
import { problemSchema } from "../../protocol/problem.ts";
import { healthSchema } from "../../protocol/server-info.ts";
import { taskRequestSchema } from "../../protocol/task-request.ts";
import { sessionResourceSchema, taskResourceSchema } from "../../protocol/task-resource.ts";

/** The schemas of the protocol, as components of the OpenAPI document. */
export const schemas = {
  problem: name("Problem", problemSchema),
  task: name("Task", taskResourceSchema),
  taskRequest: name("TaskRequest", taskRequestSchema),
  session: name("Session", sessionResourceSchema),
  report: name("RunReport", runReportSchema),
  health: name("Health", healthSchema),
};

/** A copy, since only what was made after zod was extended can be named. */
function name<Schema extends z.ZodType>(component: string, schema: Schema): Schema {
  return schema.clone().openapi(component);
}
